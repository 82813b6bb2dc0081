{{- define "service.httproute" }}
{{- if and .Values.enabled .Values.httpRoute.enabled }}
{{- if not .Values.httpRoute.parentRefs }}
{{- fail (printf "%s.httpRoute.parentRefs: name the Gateway" .Chart.Name) }}
{{- end }}
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: {{ include "service.name" . }}
  labels: {{- include "service.labels" . | nindent 4 }}
  {{- with .Values.httpRoute.annotations }}
  annotations: {{- include "service.strings" . | nindent 4 }}
  {{- end }}
spec:
  parentRefs: {{- toYaml .Values.httpRoute.parentRefs | nindent 4 }}
  {{- with .Values.httpRoute.hostnames }}
  hostnames: {{- toYaml . | nindent 4 }}
  {{- end }}
  rules:
    - matches:
        - path:
            type: PathPrefix
            value: /
      timeouts:
        request: {{ .Values.httpRoute.requestTimeout }}
      backendRefs:
        - name: {{ include "service.name" . }}
          port: {{ .Values.ports.http | int64 }}
{{- end }}
{{- end }}
