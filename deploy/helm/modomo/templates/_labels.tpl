{{/* Of what belongs to no component. */}}
{{- define "modomo.labels" -}}
{{- $labels := dict "app.kubernetes.io/part-of" "modomo" "app.kubernetes.io/instance" .Release.Name "app.kubernetes.io/managed-by" .Release.Service -}}
{{- range $key, $value := omit .Values.global.commonLabels "app.kubernetes.io/name" -}}
{{- if not (hasKey $labels $key) -}}
{{- $_ := set $labels $key (ternary $value (toJson $value) (kindIs "string" $value)) -}}
{{- end -}}
{{- end -}}
{{- toYaml $labels -}}
{{- end -}}
