{{- define "service.ports" -}}
{{- $ports := .Values.ports -}}
ports:
  {{- range $name := list "grpc" "http" "metrics" }}
  {{- with index $ports $name }}
  - name: {{ $name }}
    containerPort: {{ . }}
  {{- end }}
  {{- end }}
{{- end -}}

{{/* Liveness asks whether the process answers at all; startup and readiness whether it is welcome to traffic. */}}
{{- define "service.probes" -}}
{{- $probes := .Values.probes -}}
{{- if ne $probes.kind "none" -}}
startupProbe:
  {{- include "service.probe" (dict "component" . "path" $probes.readyPath) | nindent 2 }}
  periodSeconds: 2
  timeoutSeconds: {{ $probes.timeoutSeconds }}
  failureThreshold: {{ max 1 (div (add $probes.startupSeconds 1) 2) }}
readinessProbe:
  {{- include "service.probe" (dict "component" . "path" $probes.readyPath) | nindent 2 }}
  periodSeconds: {{ $probes.periodSeconds }}
  timeoutSeconds: {{ $probes.timeoutSeconds }}
livenessProbe:
  {{- if eq $probes.kind "http" }}
  httpGet:
    path: {{ $probes.livePath }}
    port: http
  {{- else }}
  tcpSocket:
    port: grpc
  {{- end }}
  periodSeconds: {{ $probes.periodSeconds }}
  timeoutSeconds: {{ $probes.timeoutSeconds }}
  failureThreshold: 6
{{- end -}}
{{- end -}}

{{- define "service.probe" -}}
{{- $probes := .component.Values.probes -}}
{{- if eq $probes.kind "http" -}}
httpGet:
  path: {{ .path }}
  port: http
{{- else -}}
grpc:
  port: {{ .component.Values.ports.grpc }}
  {{- with $probes.grpcService }}
  service: {{ . }}
  {{- end }}
{{- end -}}
{{- end -}}
