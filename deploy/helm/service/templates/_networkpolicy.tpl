{{- define "service.networkpolicy" }}
{{- if and .Values.enabled (or .Values.networkPolicy.enabled (dig "networkPolicies" "enabled" false (default dict .Values.global))) }}
{{- $policy := .Values.networkPolicy }}
{{- $policies := default dict (dig "networkPolicies" dict (default dict .Values.global)) }}
{{- $release := .Release.Name }}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "service.name" . }}
  labels: {{- include "service.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{- include "service.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  {{- $ingress := list }}
  {{- $ports := list }}
  {{- range $name := list "grpc" "http" }}
  {{- with index $.Values.ports $name }}
  {{- $ports = append $ports (dict "port" .) }}
  {{- end }}
  {{- end }}
  {{- with $policy.from }}
  {{- $peers := list }}
  {{- range . }}
  {{- $peers = append $peers (dict "podSelector" (dict "matchLabels" (dict "app.kubernetes.io/name" . "app.kubernetes.io/instance" $release))) }}
  {{- end }}
  {{- $ingress = append $ingress (dict "from" $peers "ports" $ports) }}
  {{- end }}
  {{- if $policy.open }}
  {{- $ingress = append $ingress (dict "from" (default (list (dict "namespaceSelector" dict)) $policies.clients) "ports" $ports) }}
  {{- end }}
  {{- if and .Values.ports.metrics (include "service.monitored" .) }}
  {{- $metrics := list (dict "port" .Values.ports.metrics) }}
  {{- range .Beside }}
  {{- $metrics = append $metrics (dict "port" .Values.ports.metrics) }}
  {{- end }}
  {{- $ingress = append $ingress (dict "from" (default (list (dict "namespaceSelector" dict)) $policies.prometheus) "ports" $metrics) }}
  {{- end }}
  {{- $ingress = concat $ingress $policy.extraIngress }}
  ingress: {{- toYaml (default (list) $ingress) | nindent 4 }}
  egress:
    {{- include "service.dnsRule" $policies | nindent 4 }}
    {{- range $name, $port := $policy.to }}
    - to:
        - podSelector:
            matchLabels:
              app.kubernetes.io/name: {{ dig $name $name (default dict $.Hosts) }}
              app.kubernetes.io/instance: {{ $release }}
      ports:
        - port: {{ $port | int64 }}
    {{- end }}
    {{- range $name := $policy.outside }}
    {{- with index (default dict $policies.outside) $name }}
    {{- if and .port (or (ne $name "otlp") (dig "otlp" "endpoint" "" (default dict $.Values.global))) }}
    - ports: # {{ $name }}
        - port: {{ .port | int64 }}
      {{- with .peers }}
      to: {{- toYaml . | nindent 8 }}
      {{- end }}
    {{- end }}
    {{- end }}
    {{- end }}
    {{- if has "s3" $policy.outside }}
    {{- with $policies.workloadIdentity }}
    {{- include "service.identityRules" . | nindent 4 }}
    {{- end }}
    {{- end }}
    {{- if or $policy.internet (eq .Values.weights.source "pull") }}
    {{- include "service.internetRule" . | nindent 4 }}
    {{- end }}
    {{- with $policy.extraEgress }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}
{{- end }}
