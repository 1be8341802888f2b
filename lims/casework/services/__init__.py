"""Acts of casework. Keyword-only, actor first: require, lock, rules, write, append, ring."""
