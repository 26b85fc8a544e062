# cmake "-DINPUTS=a.yaml;b.yaml" -DOUTPUT=counter_files.c -P counter_files.cmake
# Writes the files as NUL-terminated arrays of char, and the table of their names.
set(arrays "")
set(table "")
foreach(input ${INPUTS})
	get_filename_component(name ${input} NAME_WE)
	file(READ ${input} bytes HEX)
	string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
	string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
	string(APPEND arrays "static const char ${name}[] = {\n${bytes}0};\n")
	string(APPEND table "\t{\"${name}\", ${name}},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"harness/suite/counters.h\"\n\n${arrays}\nconst struct tare_counter_file tare_counter_files[] = {\n${table}\t{0},\n};\n")
