"""The Cedar schema that is published: what a policy may ask about. What it allows is validated before anything is published."""

from functools import cache

from cedarpy import Schema

SCHEMA = """\
// What a policy of Touchstone can refer to. A policy is validated against this before it can be published.
namespace Touchstone {
  // A business domain, by its slug.
  entity Domain;

  // A data product, by its slug.
  entity DataProduct in [Domain] = {
    // public 0, internal 1, confidential 2, restricted 3. An unclassified product counts as restricted.
    "sensitivity": Long,
    // Whether its sensitivity has been said.
    "classified": Bool,
    // draft, published, deprecated or retired.
    "lifecycle": String,
    // Username of its owner.
    "owner": String,
  };

  // The consumer that wants to use the data, by slug.
  entity Consumer = {
    // person, service, ai_agent or ai_model.
    "kind": String,
    // The highest sensitivity that it may be given, as a number like `sensitivity`.
    "clearance": Long,
    // Username of its owner.
    "owner": String,
  };

  // The one thing that is asked: may this consumer use this data product?
  action "consume" appliesTo {
    principal: [Consumer],
    resource: [DataProduct],
    context: {
      // Why the data is wanted, such as ai.training.
      "purpose": String,
      // Effective trust score, 0.0 to 100.0.
      "score": decimal,
      // Whether the data product is production-grade.
      "production_grade": Bool,
      // Whether an agreement of this consumer for this data product and purpose stands.
      "agreement": Bool,
      // The use case that the consumer named, if any.
      "use_case"?: String,
    },
  };
}
"""


@cache
def schema_handle() -> Schema:
    """The schema, parsed once in a process."""
    return Schema.from_str(SCHEMA)
