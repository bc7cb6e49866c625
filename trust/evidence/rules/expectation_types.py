"""The types of expectation that the engine runs. A test holds this list against the engine's own registry."""

REFERENCE_TYPE = "expect_column_values_to_exist_in_reference"
"""Our own: every value of a column exists in a column of another port."""

MISSING_LIMITS_TYPE = "expect_column_missing_values_to_be_within_limits"
INVALID_LIMITS_TYPE = "expect_column_invalid_values_to_be_within_limits"
DUPLICATE_LIMITS_TYPE = "expect_duplicate_values_to_be_within_limits"
ROW_COUNT_LIMITS_TYPE = "expect_table_row_count_to_be_within_limits"
LIMIT_TYPES = frozenset({MISSING_LIMITS_TYPE, INVALID_LIMITS_TYPE, DUPLICATE_LIMITS_TYPE, ROW_COUNT_LIMITS_TYPE})
"""Our own: the metrics of ODCS in rows or percent, within the standard's operators."""

SQL_RULE_TYPE = "expect_sql_result_to_be_within_limits"
"""Our own: what a query of the contract returns lies within the standard's operators. It is run once governance approved it."""

MULTIPLE_TYPE = "expect_column_values_to_be_multiples"
VECTOR_TYPE = "expect_column_vectors_to_have_dimensions"
VALUE_TYPES = frozenset({MULTIPLE_TYPE, VECTOR_TYPE})
"""Our own: options of ODCS that Great Expectations has no word for."""
OWN_TYPES = frozenset({REFERENCE_TYPE, SQL_RULE_TYPE}) | LIMIT_TYPES | VALUE_TYPES

REFUSED_TYPES = frozenset({"unexpected_rows_expectation", "expect_query_results_to_match_comparison"})
"""They run SQL text of their author."""

KNOWN_TYPES = frozenset(
    {
        *OWN_TYPES,
        "expect_column_distinct_values_to_be_in_set",
        "expect_column_distinct_values_to_contain_set",
        "expect_column_distinct_values_to_equal_set",
        "expect_column_kl_divergence_to_be_less_than",
        "expect_column_max_to_be_between",
        "expect_column_mean_to_be_between",
        "expect_column_median_to_be_between",
        "expect_column_min_to_be_between",
        "expect_column_most_common_value_to_be_in_set",
        "expect_column_pair_values_a_to_be_greater_than_b",
        "expect_column_pair_values_to_be_equal",
        "expect_column_pair_values_to_be_in_set",
        "expect_column_proportion_of_non_null_values_to_be_between",
        "expect_column_proportion_of_unique_values_to_be_between",
        "expect_column_quantile_values_to_be_between",
        "expect_column_stdev_to_be_between",
        "expect_column_sum_to_be_between",
        "expect_column_to_exist",
        "expect_column_type_to_be",
        "expect_column_unique_value_count_to_be_between",
        "expect_column_value_lengths_to_be_between",
        "expect_column_value_lengths_to_equal",
        "expect_column_value_z_scores_to_be_less_than",
        "expect_column_values_to_be_between",
        "expect_column_values_to_be_dateutil_parseable",
        "expect_column_values_to_be_decreasing",
        "expect_column_values_to_be_in_set",
        "expect_column_values_to_be_in_type_list",
        "expect_column_values_to_be_increasing",
        "expect_column_values_to_be_json_parseable",
        "expect_column_values_to_be_null",
        "expect_column_values_to_be_of_type",
        "expect_column_values_to_be_unique",
        "expect_column_values_to_match_json_schema",
        "expect_column_values_to_match_like_pattern",
        "expect_column_values_to_match_like_pattern_list",
        "expect_column_values_to_match_regex",
        "expect_column_values_to_match_regex_list",
        "expect_column_values_to_match_strftime_format",
        "expect_column_values_to_not_be_in_set",
        "expect_column_values_to_not_be_null",
        "expect_column_values_to_not_be_outliers",
        "expect_column_values_to_not_match_like_pattern",
        "expect_column_values_to_not_match_like_pattern_list",
        "expect_column_values_to_not_match_regex",
        "expect_column_values_to_not_match_regex_list",
        "expect_compound_columns_to_be_unique",
        "expect_multicolumn_sum_to_equal",
        "expect_multicolumn_values_to_be_equal",
        "expect_select_column_values_to_be_unique_within_record",
        "expect_table_column_count_to_be_between",
        "expect_table_column_count_to_equal",
        "expect_table_columns_to_match_ordered_list",
        "expect_table_columns_to_match_set",
        "expect_table_row_count_to_be_between",
        "expect_table_row_count_to_equal",
        "expect_table_row_count_to_equal_other_table",
    }
)
