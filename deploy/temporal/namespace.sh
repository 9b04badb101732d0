#!/bin/sh
# Makes the namespace and the search attributes that calls are started with (workflows/messages.ts). Safe to repeat.
# Needs TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE.
set -eu

# An idempotency key answers, and a recording can be asked for, as long as a finished run is kept: 45 days.
retention=1080h
keywords='CallStatus CallOutcome Provider BusinessId LeadKey RecordingState RecordingAtRisk'

# The port is open a little before the server can do anything.
tries=0
until temporal operator cluster health >/dev/null 2>&1; do
  tries=$((tries + 1))
  if [ "$tries" -ge 30 ]; then
    echo "Temporal at $TEMPORAL_ADDRESS is not healthy after 60 seconds" >&2
    exit 1
  fi
  sleep 2
done

if temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then
  temporal operator namespace update --namespace "$TEMPORAL_NAMESPACE" --retention "$retention"
else
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$retention"
fi

# A new namespace reaches all parts of the server after some seconds.
tries=0
until known=$(temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE" 2>&1); do
  tries=$((tries + 1))
  if [ "$tries" -ge 15 ]; then
    echo "$known" >&2
    exit 1
  fi
  sleep 2
done
for name in $keywords; do
  if ! echo "$known" | grep -qw "$name"; then
    temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$name" --type Keyword
  fi
done
echo "Namespace $TEMPORAL_NAMESPACE is ready."
