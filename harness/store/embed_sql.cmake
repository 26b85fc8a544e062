# Writes the SQL of one kind of store as C: cmake -DDIR=sql/sqlite -DPREFIX=sqlite
# -DMIGRATIONS=0001_a;… -DQUERIES=add_run;… -DHEADER=… -DSOURCE=… -DINCLUDE=… -P embed_sql.cmake
#
# Every query becomes a constant TARE_QUERY_<NAME> that indexes tare_<prefix>_queries[]; the number in
# front of a migration's name is the schema version it leads to.

function(quote_sql out path)
	file(READ "${path}" text)
	string(REPLACE "\\" "\\\\" text "${text}")
	string(REPLACE "\"" "\\\"" text "${text}")
	string(REPLACE "\n" "\\n\"\n\t\t\"" text "${text}")
	set(${out} "\"${text}\"" PARENT_SCOPE)
endfunction()

set(constants "")
set(queries "")
foreach(name IN LISTS QUERIES)
	string(TOUPPER ${name} upper)
	quote_sql(text ${DIR}/queries/${name}.sql)
	string(APPEND constants "\tTARE_QUERY_${upper},\n")
	string(APPEND queries "\t[TARE_QUERY_${upper}] = {\"${name}\",\n\t\t${text}},\n")
endforeach()

set(migrations "")
list(LENGTH MIGRATIONS count)
foreach(name IN LISTS MIGRATIONS)
	if(NOT name MATCHES "^([0-9][0-9][0-9][0-9])_[a-z0-9_]+$")
		message(FATAL_ERROR "migration \"${name}\" is not called NNNN_name")
	endif()
	string(REGEX REPLACE "^0+" "" version ${CMAKE_MATCH_1})
	quote_sql(text ${DIR}/${name}.sql)
	string(APPEND migrations "\t{${version}, \"${name}\",\n\t\t${text}},\n")
endforeach()

string(TOUPPER ${PREFIX} guard)
file(WRITE ${HEADER}
"/* The SQL under sql/${PREFIX}, written by harness/store/embed_sql.cmake. */
#ifndef TARE_STORE_${guard}_SQL_H
#define TARE_STORE_${guard}_SQL_H

#include <stddef.h>

#include \"harness/store/migrate.h\"

enum tare_${PREFIX}_query {
${constants}	TARE_QUERY_COUNT,
};

struct tare_${PREFIX}_query_text {
	const char *name;
	const char *text;
};

extern const struct tare_${PREFIX}_query_text tare_${PREFIX}_queries[TARE_QUERY_COUNT];
extern const struct tare_migration tare_${PREFIX}_migrations[];
extern const size_t tare_${PREFIX}_migration_count;

#endif
")
file(WRITE ${SOURCE}
"#include \"${INCLUDE}\"

const struct tare_${PREFIX}_query_text tare_${PREFIX}_queries[TARE_QUERY_COUNT] = {
${queries}};

const struct tare_migration tare_${PREFIX}_migrations[] = {
${migrations}};
const size_t tare_${PREFIX}_migration_count = ${count};
")
