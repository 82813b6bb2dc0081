{{- define "service.grpcroute" }}
{{- if and .Values.enabled .Values.grpcRoute.enabled }}
{{- if not .Values.grpcRoute.parentRefs }}
{{- fail (printf "%s.grpcRoute.parentRefs: name the Gateway" .Chart.Name) }}
{{- end }}
{{- range .Values.grpcRoute.hostnames }}
{{- if and $.Values.httpRoute.enabled (has . $.Values.httpRoute.hostnames) }}
{{- fail (printf "%s.grpcRoute.hostnames and %s.httpRoute.hostnames share %s: on one listener a Gateway takes one of the two routes only" $.Chart.Name $.Chart.Name .) }}
{{- end }}
{{- end }}
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata:
  name: {{ include "service.name" . }}
  labels: {{- include "service.labels" . | nindent 4 }}
  {{- with .Values.grpcRoute.annotations }}
  annotations: {{- include "service.strings" . | nindent 4 }}
  {{- end }}
spec:
  parentRefs: {{- toYaml .Values.grpcRoute.parentRefs | nindent 4 }}
  {{- with .Values.grpcRoute.hostnames }}
  hostnames: {{- toYaml . | nindent 4 }}
  {{- end }}
  rules:
    - backendRefs:
        - name: {{ include "service.name" . }}
          port: {{ .Values.ports.grpc | int64 }}
{{- end }}
{{- end }}
