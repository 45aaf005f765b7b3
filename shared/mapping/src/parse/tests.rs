//! What is refused before a deploy, by the parser and by the schema that editors use.

use jsonschema::Validator;
use serde_json::{Value, json};

use super::*;

const SCHEMA: &str = include_str!("../../../../mappings/mapping.schema.json");

fn validator() -> Validator {
    let schema = SCHEMA.parse().unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

/// A mapping that is right, with a row of each kind.
fn right() -> Value {
    json!({
        "crm": "any",
        "receive": {"id": "/id", "record": "/deal"},
        "send": {"body": {"deals": [{"kind": "deal"}]}, "id": "/deals/0/key", "record": "/deals/0/fields", "as": "text"},
        "fields": [
            {"aws": "/LifeCycle/Stage", "crm": "stage", "values": [["Qualified", "q"], ["Prospect", 7]]},
            {"aws": "/LifeCycle/ClosedLostReason", "crm": "reason", "with": "/LifeCycle/Stage"},
            {"aws": "/Project/ExpectedCustomerSpend/0/Amount", "crm": "/money/amount", "as": "number", "times": 12,
             "decimals": 0, "new": {"CurrencyCode": "USD"}},
            {"aws": "/LifeCycle/NextSteps", "crm": "next", "max": 10, "null": "clear"},
            {"aws": "/PrimaryNeedsFromAws", "crm": "needs", "as": "list", "separator": ","},
            {"aws": "/NationalSecurity", "crm": "/security/0", "as": "boolean", "to": "aws", "default": "No"},
            {"aws": "/LifeCycle/TargetCloseDate", "crm": "close", "as": "date-ms"},
            {"aws": "/RelatedEntityIdentifiers/AwsProducts", "crm": "products", "as": "list", "to": "crm"},
            {"aws": "/OpportunityTeam/0/Email", "crm": "owner", "to": "crm"},
            {"from": "sequence", "crm": "sequence"}
        ]
    })
}

/// The file with something else at a pointer; with `null`, without what is there.
fn with(at: &str, value: Value) -> Value {
    let mut file = right();
    let (parent, name) = at.rsplit_once('/').unwrap();
    match (file.pointer_mut(parent).unwrap(), value) {
        (Value::Object(members), Value::Null) => drop(members.remove(name)),
        (Value::Object(members), value) => drop(members.insert(name.to_owned(), value)),
        (Value::Array(items), value) => match items.get_mut(name.parse::<usize>().unwrap()) {
            Some(item) => *item = value,
            None => items.push(value),
        },
        (other, _) => panic!("{other}"),
    }
    file
}

fn error(file: &Value) -> String {
    match Mapping::parse(file.to_string().as_bytes()) {
        Ok(_) => panic!("{file} is taken"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_is_right_is_taken_by_the_parser_and_by_the_schema() {
    let validator = validator();
    let samples = [
        include_str!("../../../../mappings/hubspot.json"),
        include_str!("../../../../mappings/salesforce.json"),
    ];
    let samples = samples.map(|text| text.parse().unwrap());
    for file in samples.into_iter().chain([right()]) {
        let errors: Vec<_> = validator.iter_errors(&file).collect();
        assert!(errors.is_empty(), "{errors:?}");
        let mapping = Mapping::parse(file.to_string().as_bytes()).unwrap();
        assert_eq!(mapping.warnings(), []);
    }
}

/// Each with what is wrong, and whether the schema can say it: what it cannot say is of two places at
/// once, or of AWS's values.
#[test]
fn what_is_wrong_is_refused_with_its_place() {
    let row = |row: Value| ("/fields/10", row);
    let at = |at, value| (at, value);
    let (said, unsaid) = (true, false);
    let validator = validator();
    for ((at, value), is_said, expected) in [
        // The file.
        (
            at("/crm", json!(null)),
            said,
            "the mapping's `/crm` is missing, expected the CRM's name",
        ),
        (
            at("/crm", json!("")),
            said,
            "the mapping's `/crm` is empty, expected the CRM's name",
        ),
        (
            at("/feilds", json!([])),
            said,
            "the mapping's `/feilds` is unknown, nearest is `fields`",
        ),
        (
            at("/fields", json!([])),
            said,
            "the mapping's `/fields` is no list of rows, expected one or more",
        ),
        (
            at("/locked", json!("retyr")),
            said,
            "the mapping's `/locked` is `retyr`, nearest is `retry`",
        ),
        (
            at("/receive", json!(null)),
            said,
            "the mapping's `/receive` is missing, expected an object with `id` and `record`",
        ),
        (
            at("/receive/id", json!("")),
            said,
            "the mapping's `/receive/id` is the whole body, expected the place of the identifier",
        ),
        (
            at("/receive/id", json!("id")),
            said,
            "the mapping's `/receive/id` is `id`, expected a JSON Pointer, which begins with `/`",
        ),
        (
            at("/receive/id", json!("/a~2")),
            said,
            "the mapping's `/receive/id` is `/a~2`, expected `~0` for a tilde, `~1` for a slash",
        ),
        (
            at("/receive/record", json!(7)),
            said,
            "the mapping's `/receive/record` is a number, expected a JSON Pointer",
        ),
        (
            at("/send/body", json!([])),
            said,
            "the mapping's `/send/body` is an array, expected an object",
        ),
        (
            at("/send/as", json!("json")),
            said,
            "the mapping's `/send/as` is `json`, expected one of `text`",
        ),
        (
            at("/send/record", json!("/deals/0/kind")),
            unsaid,
            "the mapping's `/send/record` is no place of an object in `body`",
        ),
        (
            at("/send/record", json!("/deals/2")),
            unsaid,
            "the mapping's `/send/record` is no place of an object in `body`",
        ),
        (
            at("/send/id", json!("/deals/0/kind")),
            unsaid,
            "the mapping's `/send/id` is no free place in `body`",
        ),
        (
            at("/send/id", json!("/deals/0/fields/id")),
            unsaid,
            "the mapping's `/send/id` is the record's place, expected another",
        ),
        // A row's two places.
        (
            row(json!(7)),
            said,
            "the mapping's `/fields/10` is a number, expected an object",
        ),
        (
            row(json!({"crm": "x"})),
            said,
            "the mapping's `/fields/10/aws` is missing, expected a JSON Pointer",
        ),
        (
            row(json!({"aws": "/Project/Title"})),
            said,
            "the mapping's `/fields/10/crm` is missing, expected the name of a field, or a JSON Pointer to it",
        ),
        (
            row(json!({"aws": "/Project/Title", "crm": "x", "tims": 1})),
            said,
            "the mapping's `/fields/10/tims` is unknown, nearest is `times`",
        ),
        (
            row(json!({"aws": "/Lifecycle/Stage", "crm": "x"})),
            said,
            "the mapping's `/fields/10/aws` is `/Lifecycle/Stage`, and `/Lifecycle` is not a member that AWS knows, nearest is `LifeCycle`",
        ),
        (
            row(json!({"aws": "/Project/ExpectedCustomerSpend/0/amount", "crm": "x"})),
            said,
            "the mapping's `/fields/10/aws` is `/Project/ExpectedCustomerSpend/0/amount`, and `/Project/ExpectedCustomerSpend/0/amount` is not a member that AWS knows, nearest is `Amount`",
        ),
        (
            row(json!({"aws": "/Project/ExpectedCustomerSpend/Amount", "crm": "x"})),
            said,
            "the mapping's `/fields/10/aws` is `/Project/ExpectedCustomerSpend/Amount`, and `/Project/ExpectedCustomerSpend` is an object, expected an array",
        ),
        (
            row(json!({"aws": "/Project", "crm": "x"})),
            said,
            "the mapping's `/fields/10/aws` is `/Project`, which holds fields of its own, expected one of them",
        ),
        (
            row(json!({"aws": "/Customer/Contacts", "crm": "x"})),
            said,
            "the mapping's `/fields/10/aws` is `/Customer/Contacts`, which holds fields of its own, expected one of them",
        ),
        (
            row(json!({"aws": "", "crm": "x"})),
            said,
            "the mapping's `/fields/10/aws` is ``, expected a place in the opportunity",
        ),
        (
            row(json!({"aws": "/Customer/Contacts/100/Email", "crm": "x"})),
            said,
            "the mapping's `/fields/10/aws` is `/Customer/Contacts/100/Email`, expected an index from `0` to `99`",
        ),
        (
            row(json!({"aws": "/Identifier", "crm": "x", "to": "crm"})),
            said,
            "the mapping's `/fields/10/aws` is `/Identifier`, which no opportunity that is read has, nearest is `Id`",
        ),
        (
            row(json!({"aws": "/Id", "crm": "x"})),
            said,
            "the mapping's `/fields/10/aws` is `/Id`, which AWS does not take, expected `\"to\": \"crm\"`",
        ),
        (
            row(json!({"aws": "/OpportunityTeam/0/Mail", "crm": "x", "to": "crm"})),
            said,
            "the mapping's `/fields/10/aws` is `/OpportunityTeam/0/Mail`, and `/Customer/Contacts/0/Mail` is not a member that AWS knows, nearest is `Email`",
        ),
        (
            row(
                json!({"aws": "/RelatedEntityIdentifiers/AwsProduct", "crm": "x", "to": "crm", "as": "list"}),
            ),
            said,
            "the mapping's `/fields/10/aws` is `/RelatedEntityIdentifiers/AwsProduct`, nearest is `AwsProducts`",
        ),
        (
            row(json!({"aws": "/Project/Title", "crm": "stage"})),
            unsaid,
            "the mapping's `/fields/10/crm` is `stage`, which `/fields/0` has, expected each field once",
        ),
        (
            row(json!({"aws": "/Project/Title", "crm": "/stage"})),
            unsaid,
            "the mapping's `/fields/10/crm` is `/stage`, which `/fields/0` has, expected each field once",
        ),
        (
            row(json!({"aws": "/Project/Title", "crm": "/stage/name"})),
            unsaid,
            "the mapping's `/fields/10/crm` is `/stage/name`, which `/fields/0` has, expected each field once",
        ),
        (
            row(json!({"aws": "/Project/Title", "crm": "money"})),
            unsaid,
            "the mapping's `/fields/10/crm` is `money`, which `/fields/2` has, expected each field once",
        ),
        (
            row(json!({"aws": "/Project/Title", "crm": "/security/name"})),
            unsaid,
            "the mapping's `/fields/10/crm` is `/security/name`, which `/fields/5` has, expected each field once",
        ),
        (
            row(json!({"aws": "/LifeCycle/Stage", "crm": "x"})),
            unsaid,
            "the mapping's `/fields/10/aws` is `/LifeCycle/Stage`, which `/fields/0` changes too, expected `\"to\": \"crm\"` in one of them",
        ),
        (
            row(json!({"aws": "/PrimaryNeedsFromAws/0", "crm": "x"})),
            said,
            "the mapping's `/fields/10/aws` is `/PrimaryNeedsFromAws/0`, which `/fields/4` changes too, expected `\"to\": \"crm\"` in one of them",
        ),
        (
            row(json!({"aws": "/Project/Title", "crm": "/titles/0"})),
            said,
            "the mapping's `/fields/10/crm` is `/titles/0`, an array's item, expected `\"to\": \"aws\"`",
        ),
        (
            at("/send/body/deals/0/fields", json!({"stage": "x"})),
            unsaid,
            "the mapping's `/fields/0/crm` is `stage`, where `/send` puts something else",
        ),
        (
            row(json!({"from": "sequense", "crm": "x"})),
            said,
            "the mapping's `/fields/10/from` is `sequense`, nearest is `sequence`",
        ),
        (
            row(json!({"from": "id", "crm": "x", "to": "crm"})),
            said,
            "the mapping's `/fields/10/to` is unknown, expected one of `from`, `crm`",
        ),
        (
            row(json!({"from": "id", "crm": "/x/0"})),
            said,
            "the mapping's `/fields/10/crm` is `/x/0`, an array's item, expected `\"to\": \"aws\"`",
        ),
        // Its form.
        (
            row(json!({"aws": "/Project/Title", "crm": "x", "to": "both"})),
            said,
            "the mapping's `/fields/10/to` is `both`, expected one of `crm`, `aws`",
        ),
        (
            row(json!({"aws": "/Project/Title", "crm": "x", "as": "nmber"})),
            said,
            "the mapping's `/fields/10/as` is `nmber`, nearest is `number`",
        ),
        (
            row(json!({"aws": "/Project/Title", "crm": "x", "as": "list"})),
            unsaid,
            "the mapping's `/fields/10/as` does not fit `/Project/Title`: AWS has one text there, expected any but `list`",
        ),
        (
            row(json!({"aws": "/Project/DeliveryModels", "crm": "x"})),
            unsaid,
            "the mapping's `/fields/10/as` does not fit `/Project/DeliveryModels`: AWS has a list there, expected `list`",
        ),
        (
            row(json!({"aws": "/Project/CompetitorName", "crm": "x", "as": "number"})),
            unsaid,
            "the mapping's `/fields/10/as` does not fit `/Project/CompetitorName`: AWS takes no numbers there",
        ),
        (
            row(json!({"aws": "/Project/Title", "crm": "x", "as": "date"})),
            unsaid,
            "the mapping's `/fields/10/as` does not fit `/Project/Title`: AWS has no date there",
        ),
        (
            row(json!({"aws": "/Project/Title", "crm": "x", "as": "boolean"})),
            unsaid,
            "the mapping's `/fields/10/as` does not fit `/Project/Title`: AWS has no `Yes` and `No` there",
        ),
        (
            row(json!({"aws": "/CreatedDate", "crm": "x", "as": "date", "to": "crm"})),
            unsaid,
            "the mapping's `/fields/10/as` does not fit `/CreatedDate`: AWS has any text there, expected `text`",
        ),
        (
            at("/fields/2/times", json!(0)),
            said,
            "the mapping's `/fields/2/times` is `0`, expected a number greater than 0",
        ),
        (
            at("/fields/2/times", json!("12")),
            said,
            "the mapping's `/fields/2/times` is `12`, expected a number greater than 0",
        ),
        (
            at("/fields/2/decimals", json!(10)),
            said,
            "the mapping's `/fields/2/decimals` is `10`, expected a whole number from 0 to 9",
        ),
        (
            at("/fields/2/as", json!(null)),
            said,
            "the mapping's `/fields/2/times` says nothing here, expected `as` to be `number`",
        ),
        (
            at("/fields/2/to", json!("aws")),
            said,
            "the mapping's `/fields/2/decimals` says nothing here, expected a row that goes to the CRM",
        ),
        (
            at("/fields/3/max", json!(0)),
            said,
            "the mapping's `/fields/3/max` is `0`, expected a whole number from 1 to 1000000",
        ),
        (
            at("/fields/3/values", json!([["a", "b"]])),
            said,
            "the mapping's `/fields/3/max` says nothing here, expected `max` without `values`",
        ),
        (
            at("/fields/4/separator", json!("")),
            said,
            "the mapping's `/fields/4/separator` is empty, expected the text between two items",
        ),
        (
            at("/fields/5/values", json!([["Yes", "y"]])),
            said,
            "the mapping's `/fields/5/values` says nothing here, expected `as` to be `text` or `list`",
        ),
        // Its values.
        (
            at("/fields/0/values", json!([])),
            said,
            "the mapping's `/fields/0/values` is no list of pairs, expected one or more",
        ),
        (
            at("/fields/0/values/1", json!(["Prospect"])),
            said,
            "the mapping's `/fields/0/values/1` is no pair, expected AWS's text and the CRM's value",
        ),
        (
            at("/fields/0/values/1", json!([7, "Prospect"])),
            said,
            "the mapping's `/fields/0/values/1` is no pair, expected AWS's text and the CRM's value",
        ),
        (
            at("/fields/0/values/1", json!(["", "x"])),
            said,
            "the mapping's `/fields/0/values/1` has no value of AWS's, expected a text",
        ),
        (
            at("/fields/0/values/1", json!(["Prospect", ""])),
            said,
            "the mapping's `/fields/0/values/1` has no value of the CRM's, expected a text, number or boolean",
        ),
        (
            at("/fields/0/values/1", json!(["Prospekt", "p"])),
            unsaid,
            "the mapping's `/fields/0/values/1` is not what AWS takes: `Prospekt` is not in AWS's list, expected one of `Prospect`, `Qualified`, `Technical Validation`, `Business Validation`, `Committed`, `Launched`, `Closed Lost`",
        ),
        (
            at(
                "/fields/4/values",
                json!([["Co-Sell - Deal Support", "a,b"]]),
            ),
            unsaid,
            "the mapping's `/fields/4/values/0` is `a,b` for the CRM, expected neither the separator nor blanks around it",
        ),
        // What goes to AWS.
        (
            at("/fields/7/null", json!("clear")),
            said,
            "the mapping's `/fields/7/null` says nothing here, expected a row that goes to AWS",
        ),
        (
            at("/fields/3/null", json!("ignore")),
            said,
            "the mapping's `/fields/3/null` is `ignore`, expected one of `clear`",
        ),
        (
            at("/fields/3/default", json!("Call")),
            said,
            "the mapping's `/fields/3/default` fills what `null` clears, expected one of them",
        ),
        (
            row(json!({"aws": "/Customer/Account/CompanyName", "crm": "x", "null": "clear"})),
            unsaid,
            "the mapping's `/fields/10/null` clears `/Customer/Account/CompanyName`, which AWS requires",
        ),
        (
            at("/fields/5/default", json!("Maybe")),
            unsaid,
            "the mapping's `/fields/5/default` is not what AWS takes: `Maybe` is not in AWS's list, expected one of `Yes`, `No`",
        ),
        (
            at("/fields/0/default", json!("Launched")),
            unsaid,
            "the mapping's `/fields/0/default` cannot be told: `Launched` has no pair in the mapping's `values`, expected one of `Qualified`, `Prospect`",
        ),
        (
            at("/fields/1/with", json!("/LifeCycle/NextStep")),
            said,
            "the mapping's `/fields/1/with` is `/LifeCycle/NextStep`, which no other row changes",
        ),
        (
            at("/fields/1/with", json!("/LifeCycle/ClosedLostReason")),
            unsaid,
            "the mapping's `/fields/1/with` is `/LifeCycle/ClosedLostReason`, which no other row changes",
        ),
        (
            at("/fields/2/new", json!([])),
            said,
            "the mapping's `/fields/2/new` is an array, expected the fields beside this one",
        ),
        (
            at("/fields/2/new/Amount", json!("1")),
            unsaid,
            "the mapping's `/fields/2/new/Amount` is this row's own, expected the fields beside it",
        ),
        (
            at("/fields/2/new/Currency", json!("USD")),
            unsaid,
            "the mapping's `/fields/2/new/Currency` is not what AWS takes: `/Project/ExpectedCustomerSpend/0/Currency` is not a member that AWS knows, nearest is `CurrencyCode`",
        ),
        (
            at("/fields/5/new", json!({"OpportunityType": "Expansion"})),
            unsaid,
            "the mapping's `/fields/5/new` says nothing here, because nothing is made for `/NationalSecurity`",
        ),
    ] {
        let file = with(at, value);
        assert_eq!(error(&file), expected);
        assert_eq!(validator.is_valid(&file), !is_said, "{file}");
    }
}

#[test]
fn what_is_no_json_or_says_something_twice_is_refused() {
    for (text, expected) in [
        (
            "{",
            "the mapping is not JSON: EOF while parsing an object at line 1 column 1",
        ),
        ("[]", "the mapping is an array, expected an object"),
        (
            r#"{"crm": "a", "crm": "b"}"#,
            "the mapping's `/crm` is there twice, expected it once",
        ),
    ] {
        let error = Mapping::parse(text.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_value_that_only_the_documentation_lacks_is_a_warning() {
    let row =
        json!({"aws": "/Project/CustomerUseCase", "crm": "x", "values": [["Databases", "d"]]});
    let mapping = Mapping::parse(with("/fields/10", row).to_string().as_bytes()).unwrap();
    let told: Vec<_> = mapping.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "the mapping's `/fields/10/values/0` may be a typo: `Databases` is not in the list that AWS documents, nearest are `Database`, `Migration/Database Migration`, `Healthcare and Life Sciences`"
        ]
    );
}

/// The schema that editors use lists the places that the parser takes.
#[test]
fn the_schema_lists_every_place_that_can_be_mapped() {
    let schema: Value = SCHEMA.parse().unwrap();
    let list = |at: &str| -> Vec<String> {
        let list = schema.pointer(at).unwrap().as_array().unwrap().iter();
        list.map(|at| at.as_str().unwrap().to_owned()).collect()
    };
    let mut writable = list("/$defs/Writable/anyOf/0/enum");
    writable.extend(list("/$defs/Writable/examples"));
    for at in &writable {
        let shape = check::shape(&Place::parse(at).unwrap());
        assert!(shape.is_ok_and(|shape| shape.is_writable), "{at}");
    }
    for at in list("/$defs/ReadOnly/anyOf/0/enum") {
        let shape = check::shape(&Place::parse(&at).unwrap());
        assert!(shape.is_ok_and(|shape| !shape.is_writable), "{at}");
    }
    let model = include_str!("../../../model/schema/opportunity.schema.json");
    let mut places = Vec::new();
    leaves(&model.parse().unwrap(), "", &mut places);
    places.sort();
    writable.sort();
    assert_eq!(writable, places);
}

/// The places of AWS's model that hold a text or a list of texts.
fn leaves(schema: &Value, at: &str, all: &mut Vec<String>) {
    let items = schema
        .get("items")
        .filter(|items| items.get("properties").is_some());
    match (schema.get("properties"), items) {
        (Some(Value::Object(properties)), _) => {
            for (name, schema) in properties {
                leaves(schema, &model::pointer::child(at, name), all);
            }
        }
        (_, Some(items)) => leaves(items, &format!("{at}/0"), all),
        _ => all.push(at.to_owned()),
    }
}
