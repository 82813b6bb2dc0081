{{- define "service.podmonitor" }}
{{- if and .Values.enabled (include "service.monitored" .) }}
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata:
  name: {{ include "service.name" . }}
  labels: {{- merge (include "service.labels" . | fromYaml) (include "service.strings" .Values.podMonitor.labels | fromYaml) | toYaml | nindent 4 }}
spec:
  selector:
    matchLabels: {{- include "service.selector" . | nindent 6 }}
  podMetricsEndpoints:
    - port: {{ ternary "metrics" "http" (gt (int .Values.ports.metrics) 0) }}
      path: /metrics
      interval: {{ .Values.podMonitor.interval }}
    {{- range .Beside }}
    - port: m-{{ .Chart.Name }}
      path: /metrics
      interval: {{ $.Values.podMonitor.interval }}
    {{- end }}
{{- end }}
{{- end }}
