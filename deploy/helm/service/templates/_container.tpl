{{/* The component's own container, as one mapping. */}}
{{- define "service.container" -}}
{{- $component := . -}}
name: {{ .Chart.Name }}
image: {{ include "service.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- with .Values.command }}
command: {{- include "service.list" (dict "list" . "component" $component) | trim | nindent 2 }}
{{- end }}
{{- with concat .Values.args (ternary .Values.tlsArgs (list) (ne "" (include "service.tlsSecret" .))) }}
args: {{- include "service.list" (dict "list" . "component" $component) | trim | nindent 2 }}
{{- end }}
# the last lines of a process that could not start stand in the pod's status
terminationMessagePolicy: FallbackToLogsOnError
securityContext: {{- toYaml .Values.securityContext | nindent 2 }}
env:
  {{- include "service.env" . | nindent 2 }}
{{- with .Values.envFrom }}
envFrom: {{- tpl (toYaml .) $component | nindent 2 }}
{{- end }}
{{- include "service.ports" . | nindent 0 }}
{{- include "service.probes" . | nindent 0 }}
{{- with include "service.lifecycle" . }}
{{- . | nindent 0 }}
{{- end }}
resources: {{- include "service.resources" . | nindent 2 }}
volumeMounts:
  {{- include "service.mounts" . | trim | nindent 2 }}
{{- end -}}

{{- define "service.ports" -}}
{{- $ports := .Values.ports -}}
ports:
  {{- range $name := list "grpc" "http" "metrics" }}
  {{- with index $ports $name }}
  - name: {{ $name }}
    containerPort: {{ . | int64 }}
  {{- end }}
  {{- end }}
  {{- with include "service.healthPort" . }}
  - name: health
    containerPort: {{ . }}
  {{- end }}
{{- end -}}

{{/* Port of health checks alone; empty where probes can ask on the gRPC port, or ask over HTTP. */}}
{{- define "service.healthPort" -}}
{{- if and (eq .Values.probes.kind "grpc") (or (not .Values.ports.grpc) (include "service.tlsSecret" .)) -}}
{{- .Values.ports.health -}}
{{- end -}}
{{- end -}}

{{/* Liveness asks whether the process answers at all; startup and readiness whether it is welcome to traffic. */}}
{{- define "service.probes" -}}
{{- $probes := .Values.probes -}}
{{- if ne $probes.kind "none" -}}
startupProbe:
  {{- include "service.probe" (dict "component" . "path" $probes.readyPath) | nindent 2 }}
  periodSeconds: 2
  timeoutSeconds: {{ $probes.timeoutSeconds | int64 }}
  failureThreshold: {{ max 1 (div (add $probes.startupSeconds 1) 2) }}
readinessProbe:
  {{- include "service.probe" (dict "component" . "path" $probes.readyPath) | nindent 2 }}
  periodSeconds: {{ $probes.periodSeconds | int64 }}
  timeoutSeconds: {{ $probes.timeoutSeconds | int64 }}
livenessProbe:
  {{- if eq $probes.kind "http" }}
  httpGet:
    path: {{ $probes.livePath }}
    port: http
  {{- else }}
  tcpSocket:
    port: {{ ternary "health" "grpc" (ne "" (include "service.healthPort" .)) }}
  {{- end }}
  periodSeconds: {{ $probes.periodSeconds | int64 }}
  timeoutSeconds: {{ $probes.timeoutSeconds | int64 }}
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
  port: {{ default .component.Values.ports.grpc (include "service.healthPort" .component) }}
  {{- with $probes.grpcService }}
  service: {{ . }}
  {{- end }}
{{- end -}}
{{- end -}}

{{/* Variables, in the order: TLS, health, weights, by name, from secrets, in Kubernetes' own form. */}}
{{- define "service.env" -}}
{{- $component := . -}}
{{ include "service.tlsEnv" . }}
{{- if and .Values.healthPortEnv (include "service.healthPort" .) }}
- name: {{ .Values.healthPortEnv }}
  value: {{ include "service.string" .Values.ports.health | quote }}
{{- end }}
{{- if ne .Values.weights.source "none" }}
- name: MODOMO_WEIGHTS
  value: {{ .Values.weights.mountPath }}
{{- end }}
- name: MODOMO_CHART_VALUES
  value: {{ include "service.origins" . | quote }}
{{- range $name, $value := .Values.env }}
- name: {{ $name | quote }}
  value: {{ tpl (include "service.string" $value) $component | quote }}
{{- end }}
{{- range $name, $source := .Values.secretEnv }}
{{- with tpl $source.secret $component }}
- name: {{ $name | quote }}
  valueFrom:
    secretKeyRef:
      name: {{ . }}
      key: {{ required (printf "%s is empty: name the key of the secret %s that holds %s" (default (printf "%s.secretEnv.%s.key" $component.Chart.Name $name) (trimPrefix ".Values." (regexFind "\\.Values\\.[A-Za-z0-9.]+" $source.key))) . $name) (tpl $source.key $component) }}
{{- end }}
{{- end }}
{{- with .Values.extraEnv }}
{{ tpl (toYaml .) $component }}
{{- end }}
{{- end -}}

{{/*
Which value of the chart each variable comes from, so that a process that cannot start names the value to mend:
`MODOMO_S3_BUCKET=global.s3.bucket,*=gateway.env`. Read off the templates that variables are made by.
*/}}
{{- define "service.origins" -}}
{{- $origins := list -}}
{{- range $name, $value := .Values.env -}}
{{- with regexFind "\\.Values\\.[A-Za-z0-9.]+" (include "service.string" $value) -}}
{{- $origins = append $origins (printf "%s=%s" $name (trimPrefix ".Values." .)) -}}
{{- end -}}
{{- end -}}
{{- range $name, $source := .Values.secretEnv -}}
{{- $origins = append $origins (printf "%s=%s" $name (default (printf "%s.secretEnv" $.Chart.Name) (trimPrefix ".Values." (regexFind "\\.Values\\.[A-Za-z0-9.]+" $source.secret)))) -}}
{{- end -}}
{{- if ne .Values.weights.source "none" -}}
{{- $origins = append $origins (printf "MODOMO_WEIGHTS=%s.weights" .Chart.Name) -}}
{{- end -}}
{{- if include "service.tlsSecret" . -}}
{{- $tls := ternary (printf "%s.tlsSecret" .Chart.Name) "global.tls.existingSecret" (ne "" .Values.tlsSecret) -}}
{{- range list "" "CA" "CERTIFICATE" "KEY" -}}
{{- $origins = append $origins (printf "MODOMO_TLS_%s=%s" . $tls) -}}
{{- end -}}
{{- end -}}
{{- append $origins (printf "*=%s.env" .Chart.Name) | join "," -}}
{{- end -}}

{{/* The secret with this component's certificate (keys ca.crt, tls.crt, tls.key); empty for plaintext. */}}
{{- define "service.tlsSecret" -}}
{{- tpl (default (dig "tls" "existingSecret" "" (default dict .Values.global)) .Values.tlsSecret) . -}}
{{- end -}}

{{/* Calls between components: mutual TLS, or plaintext, said in so many words. */}}
{{- define "service.tlsEnv" -}}
{{- if include "service.tlsSecret" . -}}
- name: MODOMO_TLS_CA
  value: /etc/modomo/tls/ca.crt
- name: MODOMO_TLS_CERTIFICATE
  value: /etc/modomo/tls/tls.crt
- name: MODOMO_TLS_KEY
  value: /etc/modomo/tls/tls.key
{{- else -}}
- name: MODOMO_TLS_PLAINTEXT
  value: "true"
{{- end -}}
{{- end -}}
