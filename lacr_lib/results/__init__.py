"""Records: what was measured with the released weights, and what others have published."""
