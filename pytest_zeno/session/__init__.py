"""One run of pytest: which plugins it is about, the rules as tests, what became of them."""
