//! Blocks that are files: `yaml` is taken by `mpp config check`, alone or as part of one that is whole; `json` can be read;
//! of `keepalived`, `mpp keepalived check` has nothing to say.

use super::page::{Block, Page, pages, root};
use super::support::director::sound;
use super::support::secrets;
use mpp::config::{self, Settings, Version};
use mpp::keepalived::conf::{Disk, Limits, read};
use mpp::keepalived::lint::{gather, lint};
use serde_yaml::{Mapping, Value};
use std::fs;
use tempfile::TempDir;

/// What a part of a configuration is put into.
const WHOLE: &str = "{ monitor: { user: mpp, password_file: /etc/mpp/password }, pools: [{ name: db, nodes: [
    { name: db1, address: '10.0.0.1:3306' }, { name: db2, address: '10.0.0.2:3306' }] }] }";

#[test]
fn every_configuration_is_good_and_every_part_of_one_belongs_somewhere() {
    for_each("yaml", |block| {
        let part: Mapping = serde_yaml::from_str(&block.text).map_err(|e| e.to_string())?;
        if part.contains_key("monitor") && part.contains_key("pools") {
            return load(&block.text).map(|_| ());
        }
        // Of the top, of a pool, of a node.
        let places: [fn(&mut Value) -> &mut Value; 3] =
            [|whole| whole, |whole| first(whole, "pools"), |whole| first(first(whole, "pools"), "nodes")];
        let refused: Vec<String> =
            places.iter().map_while(|place| load(&joined(&part, *place)).err()).collect();
        if refused.len() < places.len() { Ok(()) } else { Err(refused.join("\n")) }
    });
}

#[test]
fn every_json_can_be_read() {
    for_each("json", |block| {
        let values = serde_json::Deserializer::from_str(&block.text).into_iter::<serde_json::Value>();
        values.collect::<Result<Vec<_>, _>>().map(|_| ()).map_err(|e| e.to_string())
    });
}

#[test]
fn nothing_in_a_keepalived_conf_would_bite() {
    for_each("keepalived", |block| {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("keepalived.conf");
        let ready_made = root().join("keepalived/read-write");
        let fragment = ready_made.join("mpp.conf").display().to_string();
        fs::write(&path, block.text.replace("/etc/keepalived/mpp.conf", &fragment)).expect("written");
        let conf = read(&path, "here", &Disk, Limits::default()).map_err(|e| e.to_string())?;
        let settings = load(&fs::read_to_string(ready_made.join("mpp.yaml")).expect("its configuration"))?;
        let machine = sound(gather(&conf, Some(Version(2, 2, 7))));
        let found: Vec<String> =
            lint(&conf, &machine, Some(&settings)).iter().map(ToString::to_string).collect();
        if found.is_empty() { Ok(()) } else { Err(found.join("\n")) }
    });
}

#[track_caller]
fn for_each(language: &str, check: impl Fn(&Block) -> Result<(), String>) {
    let faults = |page: &Page| {
        let name = page.name();
        let blocks = page.blocks(language).into_iter();
        blocks
            .filter_map(|b| check(&b).err().map(|why| format!("{name}:{}: {why}", b.line)))
            .collect::<Vec<_>>()
    };
    let faults: Vec<String> = pages().iter().flat_map(faults).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The first of a list in a configuration.
fn first<'a>(value: &'a mut Value, list: &str) -> &'a mut Value {
    &mut value[list][0]
}

/// A whole configuration with a part put into it there.
fn joined(part: &Mapping, place: fn(&mut Value) -> &mut Value) -> String {
    let mut whole: Value = serde_yaml::from_str(WHOLE).expect("a configuration");
    place(&mut whole).as_mapping_mut().expect("keys").extend(part.clone());
    serde_yaml::to_string(&whole).expect("YAML")
}

/// Its settings; the secrets and the authority lie elsewhere here.
fn load(text: &str) -> Result<Settings, String> {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("mpp.yaml");
    fs::write(&path, secrets::laid_out(text, folder.path())).expect("written");
    config::load(&path).map_err(|faults| faults.to_string())
}
