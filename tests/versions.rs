//! The main job on servers of other versions: MySQL 9, MariaDB 10.5 and 11.8. Run by `make test-mysql`, which fetches them.

mod support;

use support::agent::nodes;
use support::{Agent, Flavour, Use, pair_of};

macro_rules! on_every_server {
    ($($behaviour:ident),* $(,)?) => {
        on_every_server! { @one mysql_9 MySql9 $($behaviour)* }
        on_every_server! { @one mariadb_10_5 MariaDb105 $($behaviour)* }
        on_every_server! { @one mariadb_11_8 MariaDb118 $($behaviour)* }
    };
    (@one $module:ident $flavour:ident $($behaviour:ident)*) => {
        mod $module {
            $(
                #[test]
                #[ignore = "wants servers that make test-mysql fetches"]
                fn $behaviour() {
                    super::$behaviour(super::Flavour::$flavour);
                }
            )*
        }
    };
}

on_every_server! {
    a_killed_primary_is_replaced_by_its_standby,
}

fn a_killed_primary_is_replaced_by_its_standby(flavour: Flavour) {
    let mut servers = pair_of(flavour, Use::Gtid);
    let agent = Agent::start(&nodes(&servers), "");
    agent.wait_active("db1");
    agent.wait_state(1, "STANDBY");
    servers[0].kill9();
    agent.wait_active("db2");
}
