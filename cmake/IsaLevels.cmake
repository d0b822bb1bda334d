# The kernel modules are compiled once for each level; fastloss picks the best one the CPU has when it is imported.
#
#   level  compiler flags
#   v2     SSE4.2                     every x86-64 processor since about 2009
#   v3     AVX2, FMA, F16C            since about 2013 (Intel Haswell, AMD Excavator)
#   v4     AVX-512 F BW CD DQ VL      Intel Skylake-X and later servers, AMD Zen 4 and later
#   neon   the compiler's own target  64-bit Arm: NEON and FMA are part of it
#   plain  the compiler's own target  every other processor, and every other compiler
#
# Clang prefers half of each v4 register unless -mprefer-vector-width=512 says otherwise; gcc 12 uses the whole one anyway.

if(FASTLOSS_ISA_LEVELS)
  # given: only those are built, for a run with FASTLOSS_ISA=
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$" AND CMAKE_C_COMPILER_ID MATCHES "GNU|Clang"
   AND CMAKE_SIZEOF_VOID_P EQUAL 8 AND NOT CMAKE_OSX_ARCHITECTURES MATCHES "arm64")
  set(FASTLOSS_ISA_LEVELS v2 v3 v4)
elseif(CMAKE_OSX_ARCHITECTURES STREQUAL "arm64"
       OR (CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64)$" AND NOT CMAKE_OSX_ARCHITECTURES))
  set(FASTLOSS_ISA_LEVELS neon)
else()
  set(FASTLOSS_ISA_LEVELS plain)
endif()

set(FASTLOSS_FLAGS_v2 -march=x86-64-v2)
set(FASTLOSS_FLAGS_v3 -march=x86-64-v3)
set(FASTLOSS_FLAGS_v4 -march=x86-64-v4 -mprefer-vector-width=512)
set(FASTLOSS_FLAGS_neon)
set(FASTLOSS_FLAGS_plain)
