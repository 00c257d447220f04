"""The lab's house in steps of one second: fuses, sun, battery, cars and stations, behind the service's own ports."""
