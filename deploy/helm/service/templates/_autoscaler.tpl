{{- define "service.autoscaler" }}
{{- if gt (int .Values.autoscaling.min) (int .Values.autoscaling.max) }}
{{- fail (printf "%s.autoscaling.min is greater than %s.autoscaling.max" .Chart.Name .Chart.Name) }}
{{- end }}
{{- if and .Values.enabled (eq .Values.autoscaling.kind "hpa") }}
{{- if not .Values.autoscaling.min }}
{{- fail (printf "%s.autoscaling.min is 0, which an HPA cannot do: set %s.autoscaling.kind to keda, or min to 1" .Chart.Name .Chart.Name) }}
{{- end }}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "service.name" . }}
  labels: {{- include "service.labels" . | nindent 4 }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ include "service.name" . }}
  minReplicas: {{ .Values.autoscaling.min | int64 }}
  maxReplicas: {{ .Values.autoscaling.max | int64 }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: {{ .Values.autoscaling.targetCPUUtilizationPercentage | int64 }}
  {{- with .Values.autoscaling.behavior }}
  behavior: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- else if and .Values.enabled (eq .Values.autoscaling.kind "keda") }}
{{- if not .Values.autoscaling.triggers }}
{{- fail (printf "%s.autoscaling.triggers: keda needs at least one" .Chart.Name) }}
{{- end }}
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: {{ include "service.name" . }}
  labels: {{- include "service.labels" . | nindent 4 }}
spec:
  scaleTargetRef:
    name: {{ include "service.name" . }}
  minReplicaCount: {{ .Values.autoscaling.min | int64 }}
  maxReplicaCount: {{ .Values.autoscaling.max | int64 }}
  pollingInterval: {{ .Values.autoscaling.pollingInterval | int64 }}
  cooldownPeriod: {{ .Values.autoscaling.cooldownPeriod | int64 }}
  {{- if not .Values.autoscaling.min }}
  initialCooldownPeriod: {{ .Values.autoscaling.initialCooldownPeriod | int64 }}
  {{- end }}
  {{- with .Values.autoscaling.behavior }}
  advanced:
    horizontalPodAutoscalerConfig:
      behavior: {{- toYaml . | nindent 8 }}
  {{- end }}
  {{- $secrets := list }}
  {{- range .Values.autoscaling.authentication }}
  {{- with tpl .key $ }}
  {{- $secrets = append $secrets . }}
  {{- end }}
  {{- end }}
  triggers:
    {{- range .Values.autoscaling.triggers }}
    {{- $trigger := set (deepCopy .) "metadata" (include "service.strings" .metadata | fromYaml) }}
    {{- if and $secrets (not .authenticationRef) }}
    {{- $trigger = set $trigger "authenticationRef" (dict "name" (include "service.name" $)) }}
    {{- end }}
    - {{- tpl (toYaml $trigger) $ | nindent 6 }}
    {{- end }}
{{- if $secrets }}
---
apiVersion: keda.sh/v1alpha1
kind: TriggerAuthentication
metadata:
  name: {{ include "service.name" . }}
  labels: {{- include "service.labels" . | nindent 4 }}
spec:
  secretTargetRef:
    {{- range .Values.autoscaling.authentication }}
    {{- if tpl .key $ }}
    - parameter: {{ .parameter }}
      name: {{ tpl .secret $ }}
      key: {{ tpl .key $ }}
    {{- end }}
    {{- end }}
{{- end }}
{{- end }}
{{- end }}
