//! `do` is one action or a list; an action without a table is its name.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Action, Actions, CoordinatorMove, Election, Until};

impl Serialize for Actions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &*self.0 {
            [action] => action.serialize(serializer),
            actions => actions.serialize(serializer),
        }
    }
}

/// One action.
struct One(Action);

struct OneVisitor;

impl<'de> Visitor<'de> for OneVisitor {
    type Value = Action;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an action such as \"disconnect\" or { delay = { ms = 500 } }")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Action, E> {
        match name {
            "hold" => Ok(Action::Hold(Until::Released)),
            "elect" => Ok(Action::Elect(Election::default())),
            "move-coordinator" => Ok(Action::MoveCoordinator(CoordinatorMove::default())),
            _ => Action::deserialize(StrDeserializer::new(name)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Action, A::Error> {
        Action::deserialize(MapAccessDeserializer::new(map))
    }
}

impl<'de> Deserialize<'de> for One {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneVisitor).map(One)
    }
}

impl<'de> Deserialize<'de> for Actions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;

        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Actions;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "an action such as \"disconnect\" or { delay = { ms = 500 } }, or a list",
                )
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Actions, E> {
                OneVisitor.visit_str(name).map(|action| Actions(vec![action]))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Actions, A::Error> {
                OneVisitor.visit_map(map).map(|action| Actions(vec![action]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Actions, A::Error> {
                let mut actions = Vec::new();
                while let Some(One(action)) = list.next_element()? {
                    actions.push(action);
                }
                Ok(Actions(actions))
            }
        }

        deserializer.deserialize_any(OneOrMany)
    }
}

impl JsonSchema for Actions {
    fn schema_name() -> Cow<'static, str> {
        "Actions".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let action = generator.subschema_for::<Action>();
        let one =
            json_schema!({ "anyOf": [action, { "enum": ["hold", "elect", "move-coordinator"] }] });
        json_schema!({
            "description": "One action, or several in this order.",
            "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }]
        })
    }
}
