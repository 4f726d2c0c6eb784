# A broker and a server for measurements, one pair at a time; for scripts that set `work` and `bin`.
#
#   fleet_make NAME    a broker runs, a fleet is made; nothing of an earlier pair is left
#   fleet_start        the server runs: its process is in $server
#   fleet_halt         the server ends in good order
#   fleet_end          both end
#
# The load generator speaks for all devices, over one connection; no real broker has such an account.

server=
broker=

latchkey() { "$bin/latchkey" "$@" --socket "$data/admin.sock"; }

wait_for() {
    local until=$((SECONDS + 30))
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$until" ] || { echo "timed out: $*" >&2; exit 1; }
        sleep 0.1
    done
}

fleet_make() {
    local folder=$work/$1
    data=$folder/data
    authority=$folder/broker/tls/ca.crt
    load_password=$folder/load-password
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    mkdir -p "$folder/broker"
    sed "s/^listener .*/listener $port 127.0.0.1/" mosquitto.conf >"$folder/broker/mosquitto.conf"
    [ "$(id -u)" != 0 ] || echo "user root" >>"$folder/broker/mosquitto.conf"
    scripts/broker-certificates "$folder/broker/tls" >/dev/null 2>&1
    cp mosquitto.acl "$folder/broker/mosquitto.acl"
    printf '\nuser @load\ntopic write latchkey/1/+/+/+/up\ntopic read latchkey/1/+/+/+/down\ntopic read latchkey/1/+/+/+/nudge\n' \
        >>"$folder/broker/mosquitto.acl"
    head -c 24 /dev/urandom | base64 >"$load_password"
    printf '@load:%s\n' "$(cat "$load_password")" >"$folder/broker/passwords"
    mosquitto_passwd -U "$folder/broker/passwords"
    "$bin/latchkeyd" init --data "$data" --fleet bench --broker "localhost:$port" \
        --broker-ca "$authority" --broker-accounts "$folder/broker/passwords" \
        --broker-pid "$folder/broker/mosquitto.pid" >/dev/null
    (cd "$folder/broker" && exec mosquitto -c mosquitto.conf) >"$folder/broker.log" 2>&1 &
    broker=$!
    processes+=("$broker")
    wait_for bash -c "exec 3<>/dev/tcp/127.0.0.1/$port"
    sed -i '/^\[limits\]/d; /^\[log\]/d' "$data/latchkeyd.toml"
    printf '\n[limits]\nstarts_per_second = 100000\nstarts_burst = 100000\n[log]\nlevel = "warning"\n' \
        >>"$data/latchkeyd.toml"
}

fleet_start() {
    "$bin/latchkeyd" run --config "$data/latchkeyd.toml" >>"$work/server.log" 2>&1 &
    server=$!
    processes+=("$server")
    wait_for latchkey status
}

fleet_halt() {
    kill "$server"
    wait "$server" || true
}

fleet_end() {
    fleet_halt
    kill "$broker"
    wait "$broker" || true
}

# fleet_lamps COUNT : the group, its key, and a bundle for so many devices in $bundle.
fleet_lamps() {
    latchkey group create lamps --json >/dev/null
    latchkey key-spec create seal --group lamps --algorithm aes-256 --json >/dev/null
    bundle=$data/lamps.bundle
    latchkey bundle create --group lamps --uses "$1" --expires 1d --output "$bundle" >/dev/null 2>"$work/bundle.log"
}

# fleet_load COMMAND ARGUMENT… : the load generator on this fleet.
fleet_load() {
    "$bin/latchkey-load" "$1" --bundle "$bundle" --password-file "$load_password" \
        --authority "$authority" --server-pid "$server" --socket "$data/admin.sock" "${@:2}"
}
