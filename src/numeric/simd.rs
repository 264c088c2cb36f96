//! Plain loops compiled for the widest vectors that the machine has.
//!
//! [`widest!`](crate::numeric::simd::widest) writes a function whose body is compiled three times (for AVX-512, AVX2 and the
//! baseline) and which chooses at run time. Rust neither reorders nor fuses floating-point operations, so that all three give
//! the same bits.

/// Defines functions that run the version of their body for the widest vectors there are.
macro_rules! widest {
    ($($(#[$attribute:meta])* $visibility:vis fn $name:ident($($argument:ident: $type:ty),* $(,)?) $body:block)*) => {$(
        $(#[$attribute])*
        $visibility fn $name($($argument: $type),*) {
            #[inline(always)]
            fn body($($argument: $type),*) $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
                fn avx512($($argument: $type),*) {
                    body($($argument),*);
                }
                #[target_feature(enable = "avx2,fma")]
                fn avx2($($argument: $type),*) {
                    body($($argument),*);
                }
                if std::arch::is_x86_feature_detected!("avx512f")
                    && std::arch::is_x86_feature_detected!("avx512bw")
                    && std::arch::is_x86_feature_detected!("avx512dq")
                    && std::arch::is_x86_feature_detected!("avx512vl")
                {
                    #[expect(unsafe_code, reason = "a function for a feature of the machine")]
                    // SAFETY: the machine has the features that the function is compiled for.
                    unsafe {
                        avx512($($argument),*);
                    }
                    return;
                }
                if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
                    #[expect(unsafe_code, reason = "a function for a feature of the machine")]
                    // SAFETY: the machine has the features that the function is compiled for.
                    unsafe {
                        avx2($($argument),*);
                    }
                    return;
                }
            }
            body($($argument),*);
        }
    )*};
}
pub(crate) use widest;
