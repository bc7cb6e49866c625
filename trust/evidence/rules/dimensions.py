"""Which dimension an expectation speaks to: its author's word where its type bears it out, else its type's own. Our choice."""

from types import MappingProxyType

from catalog.rules.vocabulary import Dimension

_TYPES: dict[Dimension, tuple[str, ...]] = {
    Dimension.COMPLETENESS: (
        "expect_column_values_to_not_be_null",
        "expect_column_proportion_of_non_null_values_to_be_between",
        "expect_column_missing_values_to_be_within_limits",
    ),
    Dimension.UNIQUENESS: (
        "expect_column_values_to_be_unique",
        "expect_compound_columns_to_be_unique",
        "expect_multicolumn_values_to_be_unique",
        "expect_column_proportion_of_unique_values_to_be_between",
        "expect_duplicate_values_to_be_within_limits",
    ),
    Dimension.VOLUME: (
        "expect_table_row_count_to_be_between",
        "expect_table_row_count_to_equal",
        "expect_table_row_count_to_equal_other_table",
        "expect_table_row_count_to_be_within_limits",
    ),
    Dimension.SCHEMA: (
        "expect_column_to_exist",
        "expect_column_type_to_be",
        "expect_column_values_to_be_of_type",
        "expect_column_values_to_be_in_type_list",
        "expect_table_column_count_to_be_between",
        "expect_table_column_count_to_equal",
        "expect_table_columns_to_match_ordered_list",
        "expect_table_columns_to_match_set",
    ),
    Dimension.CONSISTENCY: (
        "expect_column_pair_values_a_to_be_greater_than_b",
        "expect_column_pair_values_to_be_equal",
        "expect_column_pair_values_to_be_in_set",
        "expect_column_values_to_be_decreasing",
        "expect_column_values_to_be_increasing",
        "expect_column_values_to_exist_in_reference",
        "expect_multicolumn_sum_to_equal",
        "expect_multicolumn_values_to_be_equal",
        "expect_select_column_values_to_be_unique_within_record",
    ),
    Dimension.ACCURACY: (
        "expect_column_bootstrapped_ks_test_p_value_to_be_greater_than",
        "expect_column_chisquare_test_p_value_to_be_greater_than",
        "expect_column_kl_divergence_to_be_less_than",
        "expect_column_mean_to_be_between",
        "expect_column_median_to_be_between",
        "expect_column_most_common_value_to_be_in_set",
        "expect_column_pair_cramers_phi_value_to_be_less_than",
        "expect_column_parameterized_distribution_ks_test_p_value_to_be_greater_than",
        "expect_column_quantile_values_to_be_between",
        "expect_column_stdev_to_be_between",
        "expect_column_sum_to_be_between",
        "expect_column_value_z_scores_to_be_less_than",
        "expect_column_values_to_not_be_outliers",
    ),
}

DIMENSION_OF_TYPE = MappingProxyType({name: dimension for dimension, names in _TYPES.items() for name in names})


_ALSO: dict[Dimension, frozenset[Dimension]] = {
    Dimension.VALIDITY: frozenset({Dimension.CONSISTENCY, Dimension.ACCURACY}),
    Dimension.CONSISTENCY: frozenset(Dimension) - {Dimension.SCHEMA},
    Dimension.ACCURACY: frozenset(Dimension) - {Dimension.SCHEMA},
    Dimension.TIMELINESS: frozenset(Dimension) - {Dimension.SCHEMA},
}
"""Label -> the own dimensions of the types that may bear it beside those of the label itself. What looks at rows can be about
consistency, accuracy or time; what looks at the columns alone cannot."""

_ALL_THERE = frozenset(
    {
        "expect_column_distinct_values_to_contain_set",
        "expect_column_distinct_values_to_equal_set",
        "expect_column_unique_value_count_to_be_between",
        "expect_column_values_to_not_be_in_set",
    }
)
"""Types that may be about completeness: all twelve months are there, and no text stands for a missing value."""


def dimension_of(expectation_type: str) -> Dimension:
    """Dimension of a Great Expectations type. A type that the table does not know looks at values: validity."""
    return DIMENSION_OF_TYPE.get(expectation_type, Dimension.VALIDITY)


def dimension_borne_out(expectation_type: str, label: Dimension | None) -> Dimension:
    """`label`, the author's word, where an expectation of that type can speak to it at all; else the type's own dimension.

    Otherwise a count of rows that is called completeness would cover that dimension without looking at a single value.
    """
    own = dimension_of(expectation_type)
    if label is None or label is own or own in _ALSO.get(label, frozenset()):
        return label or own
    return label if label is Dimension.COMPLETENESS and expectation_type in _ALL_THERE else own
