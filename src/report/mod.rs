//! Reports: a profile becomes a terminal table, figures and a page. Pure bytes out; nothing is printed or written here.
