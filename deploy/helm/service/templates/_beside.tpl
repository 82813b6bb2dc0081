{{/*
Components that stand in another one's pods: sidecars of Kubernetes, which are there before its own container and end after
it. What has a name of its own in the pod (ports, volumes) bears the component's.
*/}}
{{- define "service.podInitContainers" -}}
{{- include "service.initContainers" . -}}
{{- range .Beside }}
{{- $name := .Chart.Name -}}
{{- range include "service.initContainers" . | fromYamlArray }}
{{- $_ := set . "name" (printf "%s-%s" $name .name) }}
{{ list (include "service.besideMounts" (dict "container" . "name" $name) | fromYaml) | toYaml }}
{{- end }}
{{ list (include "service.besideContainer" . | fromYaml) | toYaml }}
{{- end }}
{{- end -}}

{{- define "service.besideContainer" -}}
{{- $name := .Chart.Name -}}
{{- $container := include "service.container" . | fromYaml -}}
{{- $container = unset $container "lifecycle" -}}
{{- $_ := set $container "restartPolicy" "Always" -}}
{{- $names := dict "grpc" $name "metrics" (printf "m-%s" $name) "health" (printf "h-%s" $name) -}}
{{- range $container.ports -}}
{{- $_ := set . "name" (index $names .name) -}}
{{- end -}}
{{- $_ := set $container.livenessProbe.tcpSocket "port" (index $names $container.livenessProbe.tcpSocket.port) -}}
{{- include "service.besideMounts" (dict "container" $container "name" $name) -}}
{{- end -}}

{{- define "service.besideMounts" -}}
{{- $name := .name -}}
{{- range .container.volumeMounts -}}
{{- $_ := set . "name" (printf "%s-%s" $name .name) -}}
{{- end -}}
{{- toYaml .container -}}
{{- end -}}

{{- define "service.besideVolumes" -}}
{{- $name := .Chart.Name -}}
{{- range include "service.volumes" . | fromYamlArray }}
{{- $_ := set . "name" (printf "%s-%s" $name .name) }}
{{ list . | toYaml }}
{{- end }}
{{- end -}}
