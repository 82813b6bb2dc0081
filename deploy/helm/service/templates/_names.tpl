{{/* Name of everything that belongs to this component: release and alias. */}}
{{- define "service.name" -}}
{{- default (printf "%s-%s" .Release.Name .Chart.Name) .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "service.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "service.labels" -}}
{{ include "service.selector" . }}
app.kubernetes.io/part-of: modomo
app.kubernetes.io/version: {{ default .Chart.AppVersion .Values.image.tag | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "service.account" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "service.name" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required (printf "%s.serviceAccount.name is needed where serviceAccount.create is false" .Chart.Name) .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "service.image" -}}
{{- $image := .Values.image -}}
{{- $repository := required (printf "%s.image.repository is not set" .Chart.Name) $image.repository -}}
{{- $registry := dig "imageRegistry" "" (default dict .Values.global) -}}
{{- $path := ternary (printf "%s/%s" (trimSuffix "/" $registry) $repository) $repository (ne $registry "") -}}
{{- if $image.digest -}}
{{ $path }}@{{ $image.digest }}
{{- else -}}
{{ $path }}:{{ default .Chart.AppVersion $image.tag }}
{{- end -}}
{{- end -}}

{{/* "true" where Prometheus is to find the pods, else nothing. */}}
{{- define "service.monitored" -}}
{{- if or .Values.podMonitor.enabled (dig "podMonitors" "enabled" false (default dict .Values.global)) -}}true{{- end -}}
{{- end -}}
