{{/* Names of the components that stand in the worker's pods, as JSON. */}}
{{- define "modomo.placed" -}}
{{- $worker := .Values.worker -}}
{{- ternary $worker.beside list (and $worker.enabled (eq $worker.placement "sidecar")) | toJson -}}
{{- end -}}
