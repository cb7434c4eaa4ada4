# Whether records, as `funnelctl tail --json` writes them, are what a schema says: jq --slurpfile schema X.avsc -f fits.jq
def named($name): first($schema[0] | .. | objects | select(.name? == $name and (.type == "record" or .type == "enum")));
def fits($t):
	. as $v |
	if ($t | type) == "array" then any($t[]; . as $one | $v | fits($one))
	elif ($t | type) == "object" and $t.type == "record" then
		type == "object" and keys == ([$t.fields[].name] | sort) and all($t.fields[]; . as $f | $v[$f.name] | fits($f.type))
	elif ($t | type) == "object" and $t.type == "enum" then any($t.symbols[]; . == $v)
	elif ($t | type) == "object" and $t.type == "array" then type == "array" and all(.[]; fits($t.items))
	elif ($t | type) == "object" and $t.logicalType == "timestamp-millis" then
		type == "string" and test("^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$")
	elif ($t | type) == "object" and $t.logicalType == "date" then type == "string" and test("^\\d{4}-\\d\\d-\\d\\d$")
	elif ($t | type) == "object" then fits($t.type)
	elif $t == "null" then . == null
	elif $t == "string" or $t == "boolean" then type == $t
	elif $t == "int" or $t == "long" then type == "number" and . == floor
	else fits(named($t)) end;
.data | fits($schema[0])
