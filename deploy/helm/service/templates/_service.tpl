{{- define "service.service" }}
{{- if and .Values.enabled .Values.service.enabled (or .Values.ports.grpc .Values.ports.http) }}
{{- if and (ne .Values.service.type "ClusterIP") (eq .Values.service.clusterIP "None") }}
{{- fail (printf "%s.service.type is %s, which a headless Service cannot be: set %s.service.clusterIP to the empty string" .Chart.Name .Values.service.type .Chart.Name) }}
{{- end }}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "service.name" . }}
  labels: {{- include "service.labels" . | nindent 4 }}
  {{- with .Values.service.annotations }}
  annotations: {{- include "service.strings" . | nindent 4 }}
  {{- end }}
spec:
  type: {{ .Values.service.type }}
  {{- with .Values.service.clusterIP }}
  clusterIP: {{ . }}
  {{- end }}
  {{- range $field := list "loadBalancerClass" "loadBalancerSourceRanges" "externalTrafficPolicy" }}
  {{- with index $.Values.service $field }}
  {{ $field }}: {{ toJson . }}
  {{- end }}
  {{- end }}
  selector: {{- include "service.selector" (default . .Host) | nindent 4 }}
  ports:
    {{- with .Values.ports.grpc }}
    - name: grpc
      port: {{ . | int64 }}
      targetPort: {{ ternary $.Chart.Name "grpc" (not (empty $.Host)) }}
      appProtocol: kubernetes.io/h2c
    {{- end }}
    {{- with .Values.ports.http }}
    - name: http
      port: {{ . | int64 }}
      targetPort: http
    {{- end }}
{{- end }}
{{- end }}
