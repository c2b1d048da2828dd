module toolgen

go 1.26
