# cython: language_level=3, freethreading_compatible=True
"""Which ISA levels this build has and this CPU can run. Compiled for the plain target: it must load everywhere."""

cdef extern from *:
    """
    #if !defined(FL_ONLY_LEVEL)
    #define FL_ONLY_LEVEL ""
    #include <cpuid.h>
    /* Single features, not "x86-64-v4": compilers know those names only lately. The builtin asks the operating system too. */
    static int fl_runs_v2(void) { __builtin_cpu_init(); return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt"); }
    /* Features that clang's builtin does not know before version 19. */
    static int fl_cpuid_ecx(unsigned leaf, int bit) { unsigned a, b, c, d; return __get_cpuid(leaf, &a, &b, &c, &d) && (c >> bit & 1); }
    static int fl_runs_v3(void) { return fl_runs_v2() && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
                                         && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2")
                                         && fl_cpuid_ecx(1, 29) /* f16c */ && fl_cpuid_ecx(1, 22) /* movbe */
                                         && fl_cpuid_ecx(0x80000001, 5) /* lzcnt */; }
    static int fl_runs_v4(void) { return fl_runs_v3() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
                                         && __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq")
                                         && __builtin_cpu_supports("avx512vl"); }
    #else
    #define fl_runs_v2() 0
    #define fl_runs_v3() 0
    #define fl_runs_v4() 0
    #endif
    """
    const char *FL_ONLY_LEVEL
    bint fl_runs_v2()
    bint fl_runs_v3()
    bint fl_runs_v4()


def isa_levels():
    """Return the levels that can run here, the best one first."""
    if FL_ONLY_LEVEL[0]:
        return (FL_ONLY_LEVEL.decode("ascii"),)
    return tuple(level for level, runs in (("v4", fl_runs_v4()), ("v3", fl_runs_v3()), ("v2", fl_runs_v2())) if runs)
