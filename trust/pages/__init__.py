"""What the pages and the admin show: words, drawings and the label of a product. Reads only; decides nothing."""
