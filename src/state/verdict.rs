//! What a state says about a node: the role asked for, the verdict as one word, the stale policy.

/// What a node is asked to serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Writes.
    Rw,
    /// Reads.
    Ro,
    /// This site, for other sites and for DNS.
    Geo,
}

impl Role {
    /// Every role, in the order of the verdict words.
    pub const ALL: [Role; 3] = [Role::Rw, Role::Ro, Role::Geo];

    /// The role of this name, if there is one.
    pub fn from_name(name: &[u8]) -> Option<Role> {
        Self::ALL.into_iter().find(|role| role.name().as_bytes() == name)
    }

    /// `rw`, `ro` or `geo`.
    pub fn name(self) -> &'static str {
        match self {
            Role::Rw => "rw",
            Role::Ro => "ro",
            Role::Geo => "geo",
        }
    }
}

/// The largest weight: keepalived's exit codes end at 255, and 2 is weight 0.
pub const WEIGHT_MAX: u8 = 253;

/// Whether a node serves a role, and how much. The default is DOWN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// UP or DOWN.
    pub up: bool,
    /// 0 to [`WEIGHT_MAX`]; more is cut to that when packed.
    pub weight: u8,
    /// Why, as a number the daemon gives a meaning to.
    pub reason: u16,
}

/// A verdict as it is published: one word, stored and loaded whole.
///
/// The upper half is the complement of the lower one, so that neither 0 (never written) nor a
/// damaged word can be taken for UP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerdictWord(pub u64);

impl VerdictWord {
    /// What stands where no verdict has been written yet; it is DOWN.
    pub const NEVER: VerdictWord = VerdictWord(0);

    /// The verdict as a word.
    pub fn pack(verdict: Verdict) -> VerdictWord {
        let weight = u32::from(verdict.weight.min(WEIGHT_MAX));
        let low = u32::from(verdict.up) | (weight << 8) | (u32::from(verdict.reason) << 16);
        VerdictWord(u64::from(low) | (u64::from(!low) << 32))
    }

    /// The verdict, or none (which is DOWN) if the word is [`Self::NEVER`] or damaged.
    pub fn unpack(self) -> Option<Verdict> {
        let [up, weight, low, high, complement @ ..] = self.0.to_le_bytes();
        let whole = !u32::from_le_bytes(complement) == u32::from_le_bytes([up, weight, low, high]);
        (whole && up <= 1 && weight <= WEIGHT_MAX).then(|| Verdict {
            up: up == 1,
            weight,
            reason: u16::from_le_bytes([low, high]),
        })
    }
}

/// What a reader makes of a state whose heartbeat has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StalePolicy {
    /// Go on with the last verdict.
    Hold,
    /// Every verdict is DOWN.
    Down,
}

impl StalePolicy {
    /// The policy as a word.
    pub fn to_word(self) -> u64 {
        match self {
            Self::Hold => 0,
            Self::Down => 1,
        }
    }

    /// The policy of a word, if it is one.
    pub fn from_word(word: u64) -> Option<Self> {
        match word {
            0 => Some(Self::Hold),
            1 => Some(Self::Down),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_survives_its_word() {
        for up in [false, true] {
            for weight in 0..=WEIGHT_MAX {
                let verdict = Verdict { up, weight, reason: 0xbeef };
                assert_eq!(VerdictWord::pack(verdict).unpack(), Some(verdict));
            }
        }
    }

    #[test]
    fn a_weight_above_253_is_cut() {
        let word = VerdictWord::pack(Verdict { up: true, weight: 255, reason: 0 });
        assert_eq!(word.unpack().map(|verdict| verdict.weight), Some(253));
    }

    #[test]
    fn a_word_never_written_or_with_one_bit_turned_is_no_verdict() {
        assert_eq!(VerdictWord::NEVER.unpack(), None);
        assert_eq!(VerdictWord(u64::MAX).unpack(), None);
        let word = VerdictWord::pack(Verdict { up: false, weight: 7, reason: 3 });
        for bit in 0..64 {
            assert_eq!(VerdictWord(word.0 ^ (1 << bit)).unpack(), None);
        }
    }

    #[test]
    fn a_role_is_found_by_its_name_alone() {
        for role in Role::ALL {
            assert_eq!(Role::from_name(role.name().as_bytes()), Some(role));
        }
        assert_eq!(Role::from_name(b"RW"), None);
        assert_eq!(Role::from_name(b""), None);
    }
}
