//! Who may be connected at a time: enough for everyone, and always some left for whoever must act.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// All clients, followers included.
const ALL: usize = 64;
/// Of these, for everyone but root and the daemon's own user.
const OTHERS: usize = 48;
/// For one user of those others.
const ONE_OTHER: usize = 16;

/// The places for clients, by user id.
#[derive(Clone, Default)]
pub(super) struct Places(Arc<Mutex<HashMap<u32, usize>>>);

/// One place; given back when dropped.
pub(super) struct Place {
    places: Places,
    uid: u32,
}

impl Places {
    /// A place for this user, if there is one. `trusted`: root, or the daemon's own user.
    pub(super) fn take(&self, uid: u32, trusted: bool) -> Option<Place> {
        let mut taken = self.lock();
        let (all, own) = (taken.values().sum::<usize>(), taken.get(&uid).copied().unwrap_or(0));
        let free = if trusted { all < ALL } else { all < OTHERS && own < ONE_OTHER };
        if !free {
            return None;
        }
        taken.insert(uid, own + 1);
        Some(Place { places: self.clone(), uid })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u32, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        match taken.get_mut(&self.uid) {
            Some(own) if *own > 1 => *own -= 1,
            _ => _ = taken.remove(&self.uid),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_can_not_lock_root_out() {
        let places = Places::default();
        let mut held: Vec<Place> = (1000..1010)
            .flat_map(|uid| (0..20).map(move |_| uid))
            .filter_map(|uid| places.take(uid, false))
            .collect();
        assert_eq!(held.len(), OTHERS);
        held.extend((0..100).filter_map(|_| places.take(0, true)));
        assert_eq!(held.len(), ALL);
        held.clear();
        assert!(places.take(1000, false).is_some(), "places are given back");
    }

    #[test]
    fn one_user_does_not_take_the_places_of_all_others() {
        let places = Places::default();
        let held: Vec<Place> = (0..40).filter_map(|_| places.take(1000, false)).collect();
        assert_eq!(held.len(), ONE_OTHER);
        assert!(places.take(1001, false).is_some());
    }
}
