# Write a C file again with another name of its module: cmake -DFROM= -DTO= -DNAME= -DNEW_NAME= -P Rename.cmake
#
# Cython counts the characters of the strings that it writes, so both names have the same length.
string(LENGTH "${NAME}" length)
string(LENGTH "${NEW_NAME}" new_length)
if(NOT length EQUAL new_length)
  message(FATAL_ERROR "fastloss: ${NAME} and ${NEW_NAME} have different lengths")
endif()
file(READ "${FROM}" text)
string(REPLACE "${NAME}" "${NEW_NAME}" text "${text}")
file(WRITE "${TO}" "${text}")
