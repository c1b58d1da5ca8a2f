//! Status as it is now, put together from what mppd tells as it changes; nothing of it is looked into that need not be.

use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Key by key.
type Object = BTreeMap<String, Box<RawValue>>;

/// The newest look of everything.
#[derive(Debug, Default)]
pub(super) struct Picture {
    /// Beside the pools.
    head: Object,
    /// In the order of the configuration.
    pools: Vec<(String, Box<RawValue>)>,
}

/// What a line of mppd's brings.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum News {
    /// All of it is new.
    Status,
    /// A pool, as JSON.
    Pool(String),
    /// The peers, as JSON.
    Peers(String),
    /// A sign of life.
    Alive,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct Whole {
    pools: Vec<Named>,
}

impl Picture {
    /// Whether this is all that mppd says, with every pool by its name.
    ///
    /// # Errors
    /// It is not.
    pub(super) fn check(data: &str) -> Result<(), serde_json::Error> {
        serde_json::from_str::<Whole>(data).map(|whole| drop(whole.pools))
    }

    /// All that mppd says.
    ///
    /// # Errors
    /// It is not what mppd says.
    pub(super) fn read(data: &[u8]) -> Result<Picture, serde_json::Error> {
        Picture::of(serde_json::from_slice(data)?)
    }

    /// Takes in the data of a line.
    ///
    /// # Errors
    /// It is not what mppd says when it is followed.
    pub(super) fn take(&mut self, data: &str) -> Result<News, serde_json::Error> {
        let mut object: Object = serde_json::from_str(data)?;
        if object.contains_key("pools") {
            *self = Picture::of(object)?;
            return Ok(News::Status);
        }
        if let Some(pool) = object.remove("pool") {
            let (name, text) = (name(&pool)?, pool.get().to_owned());
            match self.pools.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => *known = pool,
                None => self.pools.push((name, pool)),
            }
            return Ok(News::Pool(text));
        }
        Ok(match object.remove("peers") {
            Some(peers) => {
                let text = peers.get().to_owned();
                self.head.insert("peers".to_owned(), peers);
                News::Peers(text)
            }
            None => News::Alive,
        })
    }

    fn of(mut head: Object) -> Result<Picture, serde_json::Error> {
        let list: Vec<Box<RawValue>> = match head.remove("pools") {
            Some(list) => serde_json::from_str(list.get())?,
            None => Vec::new(),
        };
        let pools = list.into_iter().map(|pool| Ok((name(&pool)?, pool))).collect::<Result<_, _>>()?;
        Ok(Picture { head, pools })
    }

    /// The JSON of `mpp status --json`.
    pub(super) fn text(&self) -> String {
        self.text_with(self.pools.iter().map(|(_, pool)| pool.get()))
    }

    /// The same with this pool alone; `None`: there is none.
    pub(super) fn text_of(&self, name: &str) -> Option<String> {
        let (_, pool) = self.pools.iter().find(|(known, _)| known == name)?;
        Some(self.text_with(std::iter::once(pool.get())))
    }

    /// The names of all pools.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.pools.iter().map(|(name, _)| name.as_str())
    }

    fn text_with<'a>(&'a self, pools: impl Iterator<Item = &'a str>) -> String {
        let mut text = String::from("{");
        for (key, value) in &self.head {
            text.push_str(&format!("{}:{},", serde_json::Value::from(key.as_str()), value.get()));
        }
        text.push_str("\"pools\":[");
        for (place, pool) in pools.enumerate() {
            if place > 0 {
                text.push(',');
            }
            text.push_str(pool);
        }
        text.push_str("]}");
        text
    }
}

fn name(pool: &RawValue) -> Result<String, serde_json::Error> {
    serde_json::from_str::<Named>(pool.get()).map(|named| named.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn seen(picture: &Picture) -> Value {
        serde_json::from_str(&picture.text()).unwrap()
    }

    #[test]
    fn changes_end_up_in_their_places() {
        let mut picture = Picture::default();
        let status = json!({"version": 1, "later": {"a": 1}, "pools": [{"name": "a", "epoch": 1}, {"name": "b"}], "peers": []});
        assert_eq!(picture.take(&status.to_string()).unwrap(), News::Status);
        assert_eq!(seen(&picture), status);
        let pool = json!({"name": "a", "epoch": 2});
        let news = picture.take(&json!({ "pool": pool }).to_string()).unwrap();
        assert_eq!(news, News::Pool(pool.to_string()));
        assert_eq!(picture.take("{\"peers\":[7]}").unwrap(), News::Peers("[7]".into()));
        assert_eq!(picture.take("{}").unwrap(), News::Alive);
        let wanted = json!({"version": 1, "later": {"a": 1}, "pools": [pool, {"name": "b"}], "peers": [7]});
        assert_eq!(seen(&picture), wanted);
        let alone = json!({"version": 1, "later": {"a": 1}, "pools": [{"name": "b"}], "peers": [7]});
        assert_eq!(serde_json::from_str::<Value>(&picture.text_of("b").unwrap()).unwrap(), alone);
        assert_eq!(picture.text_of("c"), None);
    }

    #[test]
    fn after_a_reload_only_what_there_is_now_is_left() {
        let mut picture = Picture::default();
        picture.take("{\"pools\":[{\"name\":\"a\"},{\"name\":\"b\"}]}").unwrap();
        picture.take("{\"pools\":[{\"name\":\"b\"}]}").unwrap();
        assert_eq!(seen(&picture), json!({"pools": [{"name": "b"}]}));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for bad in ["", "7", "[]", "{\"pool\":{}}", "{\"pools\":7}", "{\"pools\":[{}]}"] {
            assert!(Picture::default().take(bad).is_err(), "{bad}");
        }
    }
}
