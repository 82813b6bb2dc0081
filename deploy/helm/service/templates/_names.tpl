{{/* Name of everything that belongs to this component: release and alias. */}}
{{- define "service.name" -}}
{{- default (printf "%s-%s" .Release.Name .Chart.Name) .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "service.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Our labels, and those that `global.commonLabels` puts on everything. */}}
{{- define "service.labels" -}}
{{- $labels := include "service.selector" . | fromYaml -}}
{{- $labels = set $labels "app.kubernetes.io/part-of" "modomo" -}}
{{- $labels = set $labels "app.kubernetes.io/version" (default .Chart.AppVersion .Values.image.tag) -}}
{{- $labels = set $labels "app.kubernetes.io/managed-by" .Release.Service -}}
{{- $labels = set $labels "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_") -}}
{{- merge $labels (include "service.strings" (dig "commonLabels" dict (default dict .Values.global)) | fromYaml) | toYaml -}}
{{- end -}}

{{/* A value as text: strings as they are, numbers without an exponent. */}}
{{- define "service.string" -}}
{{- if kindIs "string" . }}{{ . }}{{ else }}{{ toJson . }}{{ end -}}
{{- end -}}

{{/* A mapping whose values Kubernetes wants to be strings: annotations, labels of nodes. */}}
{{- define "service.strings" -}}
{{- $strings := dict -}}
{{- range $key, $value := . -}}
{{- $_ := set $strings $key (include "service.string" $value) -}}
{{- end -}}
{{- toYaml $strings -}}
{{- end -}}

{{/* Strings that may be templates, as a list: `(dict "list" … "component" …)`. */}}
{{- define "service.list" -}}
{{- range .list }}
- {{ tpl (include "service.string" .) $.component | toJson }}
{{- end }}
{{- end -}}

{{/* Pull secrets, each a name or Kubernetes' own `{name: …}`. */}}
{{- define "service.pullSecrets" -}}
{{- range . }}
- name: {{ if kindIs "map" . }}{{ .name }}{{ else }}{{ . }}{{ end }}
{{- end }}
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
{{- $variant := tpl (default "" $image.variant) . -}}
{{ $path }}:{{ default (ternary .Chart.AppVersion (printf "%s-%s" .Chart.AppVersion $variant) (empty $variant)) $image.tag }}
{{- end -}}
{{- end -}}

{{/* "true" where Prometheus is to find the pods, else nothing. */}}
{{- define "service.monitored" -}}
{{- if or .Values.podMonitor.enabled (dig "podMonitors" "enabled" false (default dict .Values.global)) -}}true{{- end -}}
{{- end -}}
