// The door to libmosquitto 2.0: no logic here.
#pragma once
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <sys/eventfd.h>
