//! Metric Learning Encoding Models (arXiv 2402.11608): the weighted feature distance that tracks the neural one.
