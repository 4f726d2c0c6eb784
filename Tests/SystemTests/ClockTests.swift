import EstateHarness
import BrokerHarness
import Testing

extension SystemTests {
    @Suite struct ClockTests {
        @Test func `a device that believes it is 1970 enrols and rotates`() async throws {
            let estate = try await Estate()
            let shim = try await makeShim(in: estate.path)
            let year = try Prober.run(
                ["/usr/bin/env", "LD_PRELOAD=\(shim)", "date", "-u", "+%Y"],
                output: "\(estate.path)/year",
                in: estate.path
            )
            #expect(year == 0 && contents("\(estate.path)/year") == "1970\n")
            try await estate.start()
            let lamp = Lamp("lamp-1", in: estate)
            try await lamp.prepare(with: try await estate.makeLamps())
            try lamp.start(environment: ["LD_PRELOAD": shim])
            try await lamp.agrees(from: 1)
            try await estate.admin("key", "rotate", "--device", "lamp-1", "--all")
            try await lamp.agrees(from: 2)
            let process = lamp.running?.identifier ?? 0
            #expect(contents("/proc/\(process)/maps").contains(shim), "the agent has another clock")
        }

        /// A library that turns the wall clock back to 1970 and leaves the monotonic clock alone.
        private func makeShim(in folder: String) async throws -> String {
            let source = """
                #define _GNU_SOURCE
                #include <sys/syscall.h>
                #include <sys/time.h>
                #include <time.h>
                #include <unistd.h>
                static time_t since(time_t now) { return now % 86400; }
                int clock_gettime(clockid_t clock, struct timespec *out) {
                    int result = (int)syscall(SYS_clock_gettime, clock, out);
                    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
                        out->tv_sec = since(out->tv_sec);
                    return result;
                }
                time_t time(time_t *out) {
                    struct timespec now;
                    clock_gettime(CLOCK_REALTIME, &now);
                    if (out) *out = now.tv_sec;
                    return now.tv_sec;
                }
                int gettimeofday(struct timeval *out, void *zone) {
                    struct timespec now;
                    (void)zone;
                    clock_gettime(CLOCK_REALTIME, &now);
                    if (out) { out->tv_sec = now.tv_sec; out->tv_usec = now.tv_nsec / 1000; }
                    return 0;
                }
                """
            try write(source, to: "\(folder)/early.c")
            let compiler = try Subprocess(
                "/usr/bin/env",
                ["cc", "-shared", "-fPIC", "-o", "early.so", "early.c"],
                in: folder,
                output: "\(folder)/early.log"
            )
            try await eventually("the compiler ends") { compiler.exitStatus() != nil }
            guard compiler.exitStatus() == 0 else {
                throw Trouble("no C compiler for the clock: \(contents("\(folder)/early.log"))")
            }
            return "\(folder)/early.so"
        }
    }
}
