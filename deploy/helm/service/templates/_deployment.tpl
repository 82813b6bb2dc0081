{{- define "service.deployment" }}
{{- if .Values.enabled }}
{{- $component := . }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "service.name" . }}
  labels: {{- include "service.labels" . | nindent 4 }}
  {{- with include "service.annotations" . }}
  {{- . | nindent 2 }}
  {{- end }}
spec:
  {{- if eq .Values.autoscaling.kind "none" }}
  replicas: {{ .Values.replicas | int64 }}
  {{- end }}
  revisionHistoryLimit: {{ .Values.revisionHistoryLimit | int64 }}
  minReadySeconds: {{ .Values.minReadySeconds | int64 }}
  progressDeadlineSeconds: {{ include "service.progressDeadline" . }}
  strategy: {{- include "service.strategy" . | nindent 4 }}
  selector:
    matchLabels: {{- include "service.selector" . | nindent 6 }}
  template:
    metadata:
      labels: {{- merge (include "service.labels" . | fromYaml) (include "service.strings" .Values.podLabels | fromYaml) | toYaml | nindent 8 }}
      {{- with merge (include "service.strings" .Values.podAnnotations | fromYaml) (ternary (dict "checksum/secrets" (tpl .Values.checksum .)) dict (ne .Values.checksum "")) }}
      annotations: {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      serviceAccountName: {{ include "service.account" . }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds | int64 }}
      securityContext: {{- toYaml .Values.podSecurityContext | nindent 8 }}
      {{- with concat (dig "imagePullSecrets" list (default dict .Values.global)) .Values.imagePullSecrets }}
      imagePullSecrets: {{- include "service.pullSecrets" . | trim | nindent 8 }}
      {{- end }}
      {{- range $field := list "priorityClassName" "runtimeClassName" "schedulerName" "dnsPolicy" }}
      {{- with index $.Values $field }}
      {{ $field }}: {{ . }}
      {{- end }}
      {{- end }}
      {{- range $field := list "dnsConfig" "hostAliases" "affinity" "tolerations" }}
      {{- with index $.Values $field }}
      {{ $field }}: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- end }}
      {{- with .Values.nodeSelector }}
      nodeSelector: {{- include "service.strings" . | nindent 8 }}
      {{- end }}
      {{- $claims := .Values.resourceClaims }}
      {{- range .Beside }}
      {{- $claims = concat $claims .Values.resourceClaims | uniq }}
      {{- end }}
      {{- with $claims }}
      resourceClaims: {{- tpl (toYaml .) $component | nindent 8 }}
      {{- end }}
      {{- with .Values.topologySpreadConstraints }}
      topologySpreadConstraints:
        {{- range . }}
        - {{- toYaml . | nindent 10 }}
          {{- if not .labelSelector }}
          labelSelector:
            matchLabels: {{- include "service.selector" $component | nindent 14 }}
          {{- end }}
        {{- end }}
      {{- end }}
      {{- with include "service.podInitContainers" . | trim }}
      initContainers: {{- . | nindent 8 }}
      {{- end }}
      containers:
        - {{- include "service.container" . | nindent 10 }}
        {{- with .Values.sidecars }}
        {{- tpl (toYaml .) $component | nindent 8 }}
        {{- end }}
      volumes:
        {{- include "service.volumes" . | trim | nindent 8 }}
        {{- range .Beside }}
        {{- include "service.besideVolumes" . | trim | nindent 8 }}
        {{- end }}
{{- end }}
{{- end }}
