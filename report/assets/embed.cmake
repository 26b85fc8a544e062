# cmake -DINPUT=report.css -DNAME=tare_html_style -DOUTPUT=style.c -P embed.cmake
# Writes the file as a NUL-terminated array of char, so that the program needs no files at run time.
file(READ ${INPUT} bytes HEX)
string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE ${OUTPUT} "#include \"report/html.h\"\n\nconst char ${NAME}[] = {\n${bytes}0};\n")
