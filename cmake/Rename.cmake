# Write a C file of a kernel module again for another level: cmake -DFROM= -DTO= -DNAMES= -DLEVEL= -DNEW_LEVEL= -P Rename.cmake
#
# Cython counts the characters of the strings that it writes, so the names of both levels have the same length.
string(LENGTH "${LEVEL}" length)
string(LENGTH "${NEW_LEVEL}" new_length)
if(NOT length EQUAL new_length)
  message(FATAL_ERROR "fastloss: the levels ${LEVEL} and ${NEW_LEVEL} have names of different lengths")
endif()
file(READ "${FROM}" text)
separate_arguments(NAMES)
foreach(name ${NAMES})
  string(REPLACE "_${name}_${LEVEL}" "_${name}_${NEW_LEVEL}" text "${text}")
endforeach()
file(WRITE "${TO}" "${text}")
