export declare function proxy_log(level: i32, message: usize, size: i32): i32;
