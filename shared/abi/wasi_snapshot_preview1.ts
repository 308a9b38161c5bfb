// Host functions of WASI that every Envoy has. The file's name is the import module's name.

export declare function clock_time_get(clock: i32, precision: i64, time: usize): i32;
export declare function random_get(bytes: usize, size: i32): i32;
