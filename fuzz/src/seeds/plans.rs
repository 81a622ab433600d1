//! Fault plans: in order and not, in TOML and in JSON.

pub(crate) const PLANS: &[(&str, &str)] = &[
    (
        "lost_answer.toml",
        "[[fault]]\non = \"EndTxn\"\nclient = \"orders-*\"\nnth = 1\nwhen = \"applied\"\n\
         do = \"disconnect\"\n",
    ),
    (
        "many.toml",
        "seed = 7\nevents = [\"go\"]\n[[fault]]\nname = \"held\"\non = \"Produce\"\ntopic = \"o?\"\n\
         partition = 0\nbroker = 1\nversion = { from = 3, to = 13 }\nrange = { from = 2 }\nevery = 2\n\
         probability = \"1/3\"\ndo = [{ hold = { event = \"go\" } }, \"disconnect\"]\n[[fault]]\n\
         on = \"WriteTxnMarkers\"\nwhile = { transaction = \"*\", state = [\"PrepareCommit\"] }\n\
         do = [{ delay = { fault = \"held\" } }, { crash = \"sender\" }]\n",
    ),
    (
        "errors.json",
        "{\"fault\": [{\"on\": \"Fetch\", \"when\": \"applied\", \"do\": [{\"error\": {\"code\": 6, \
         \"level\": \"partition\", \"topic\": \"t\"}}, {\"throttle\": {\"ms\": 5}}]}]}",
    ),
    (
        "beside.json",
        "{\"seed\": 1, \"fault\": [{\"on\": \"OffsetFetch\", \"group\": \"g\", \"do\": \
         [{\"elect\": {\"topic\": \"t\", \"partition\": 0, \"broker\": 1}}, \
         {\"move-coordinator\": {\"group\": \"g\"}}, {\"advance-clock\": {\"ms\": 1}}, \
         {\"signal\": {\"process\": \"p\", \"signal\": \"KILL\"}}, {\"raise\": \"e\"}, \
         {\"corrupt\": {\"of\": \"request\", \"at\": 4, \"bytes\": [255]}}]}]}",
    ),
    ("refused.toml", "[[fault]]\non = \"EndTx\"\nnth = 0\ndo = []\n"),
    (
        "offered.toml",
        r#"
[[fault]]
on = "ApiVersions"
every = 1
fires = { from = 2 }
when = "applied"
do = { offer = { InitProducerId = "none", EndTxn = { from = 0, to = 3 }, Fetch = 4 } }

[[fault]]
on = "EndTxn"
fires = 0
do = { raise = "it" }
"#,
    ),
];
