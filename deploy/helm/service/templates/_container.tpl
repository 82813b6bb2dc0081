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
  port: {{ ternary .component.Values.ports.health .component.Values.ports.grpc (ne "" (include "service.tlsSecret" .component)) }}
  {{- with $probes.grpcService }}
  service: {{ . }}
  {{- end }}
{{- end -}}
{{- end -}}

{{/* The secret with this component's certificate (keys ca.crt, tls.crt, tls.key); empty for plaintext. */}}
{{- define "service.tlsSecret" -}}
{{- tpl (default (dig "tls" "existingSecret" "" (default dict .Values.global)) .Values.tlsSecret) . -}}
{{- end -}}

{{/* Calls between components: mutual TLS, with health checks on a port of their own; or plaintext, said in so many words. */}}
{{- define "service.tlsEnv" -}}
{{- if include "service.tlsSecret" . -}}
- name: MODOMO_TLS_CA
  value: /etc/modomo/tls/ca.crt
- name: MODOMO_TLS_CERTIFICATE
  value: /etc/modomo/tls/tls.crt
- name: MODOMO_TLS_KEY
  value: /etc/modomo/tls/tls.key
{{- with .Values.healthPortEnv }}
- name: {{ . }}
  value: {{ $.Values.ports.health | quote }}
{{- end }}
{{- else -}}
- name: MODOMO_TLS_PLAINTEXT
  value: "true"
{{- end -}}
{{- end -}}
