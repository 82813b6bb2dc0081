{{- define "service.extraobjects" }}
{{- if .Values.enabled }}
{{- range .Values.extraObjects }}
---
{{ tpl (toYaml .) $ }}
{{- end }}
{{- end }}
{{- end }}
