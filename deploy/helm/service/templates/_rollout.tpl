{{/* The GPU that `resources` name, such as a MIG profile; empty for none. */}}
{{- define "service.namedGpu" -}}
{{- $found := list -}}
{{- range $kind := list "requests" "limits" -}}
{{- range $name, $count := dig $kind dict (default dict $.Values.resources) -}}
{{- if and (regexMatch "^((nvidia|amd)\\.com|gpu\\.intel\\.com)/" $name) (ne (include "service.string" $count) "0") -}}
{{- $found = append $found $name -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $found = uniq $found -}}
{{- if gt (len $found) 1 -}}
{{- fail (printf "%s.resources name %s: a pod would get each of them; set those that you do not mean to null" .Chart.Name (join " and " $found)) -}}
{{- end -}}
{{- join "" $found -}}
{{- end -}}

{{/* What the pod gets of a GPU: the name of a resource, `claims`, or nothing. */}}
{{- define "service.gpu" -}}
{{- $named := include "service.namedGpu" . -}}
{{- if .Values.resourceClaims -}}
{{- if $named -}}
{{- fail (printf "%s.resourceClaims stands beside %s in %s.resources: a pod would get both; set one to null" .Chart.Name $named .Chart.Name) -}}
{{- end -}}
claims
{{- else if $named -}}
{{- $named -}}
{{- else if .Values.gpu.count -}}
{{- .Values.gpu.resource -}}
{{- end -}}
{{- end -}}

{{/* Requests and limits, with the GPU from `gpu` or `resourceClaims`. */}}
{{- define "service.resources" -}}
{{- $resources := deepCopy (default dict .Values.resources) -}}
{{- $gpu := include "service.gpu" . -}}
{{- if eq $gpu "claims" -}}
{{- $claims := list -}}
{{- range .Values.resourceClaims -}}
{{- $claims = append $claims (dict "name" (tpl .name $)) -}}
{{- end -}}
{{- $_ := set $resources "claims" $claims -}}
{{- else if and $gpu (not (include "service.namedGpu" .)) -}}
{{- range $kind := list "requests" "limits" -}}
{{- $_ := set $resources $kind (set (default dict (index $resources $kind)) $gpu $.Values.gpu.count) -}}
{{- end -}}
{{- end -}}
{{- toYaml $resources -}}
{{- end -}}

{{/* A GPU is given back before it is taken anew: no rollout waits for a GPU that nobody has. */}}
{{- define "service.strategy" -}}
{{- $strategy := .Values.strategy -}}
{{- if eq (default "RollingUpdate" $strategy.type) "Recreate" -}}
type: Recreate
{{- else -}}
{{- $usual := dict "maxSurge" 1 "maxUnavailable" 0 -}}
{{- $gpu := include "service.gpu" . -}}
{{- range .Beside -}}
{{- $gpu = default (include "service.gpu" .) $gpu -}}
{{- end -}}
{{- if $gpu -}}
{{- $usual = dict "maxSurge" 0 "maxUnavailable" 1 -}}
{{- end -}}
{{- $update := default $usual $strategy.rollingUpdate -}}
{{- if and (hasKey $update "maxSurge") (hasKey $update "maxUnavailable") (has (toString $update.maxSurge) (list "0" "0%")) (has (toString $update.maxUnavailable) (list "0" "0%")) -}}
{{- fail (printf "%s.strategy.rollingUpdate: maxSurge and maxUnavailable are both 0, so that no pod could be replaced" .Chart.Name) -}}
{{- end -}}
type: RollingUpdate
rollingUpdate: {{- toYaml $update | nindent 2 }}
{{- end -}}
{{- end -}}

{{- define "service.progressDeadline" -}}
{{- $least := add .Values.probes.startupSeconds .Values.terminationGracePeriodSeconds .Values.minReadySeconds -}}
{{- $pulls := list .Values.weights.source -}}
{{- range .Beside -}}
{{- $least = add $least .Values.probes.startupSeconds -}}
{{- $pulls = append $pulls .Values.weights.source -}}
{{- end -}}
{{- $given := int .Values.progressDeadlineSeconds -}}
{{- if and $given (le $given (int $least)) -}}
{{- fail (printf "%s.progressDeadlineSeconds is %d, but a pod may take %d (probes.startupSeconds, terminationGracePeriodSeconds and minReadySeconds together): a rollout would fail while it goes well" .Chart.Name $given $least) -}}
{{- end -}}
{{- default (add $least 600 (ternary 1800 0 (has "pull" $pulls))) $given -}}
{{- end -}}

{{/* Secrets whose keys are variables, of which a process learns by a restart alone; separated by commas. */}}
{{- define "service.variableSecrets" -}}
{{- $names := list -}}
{{- range .Values.secretEnv -}}
{{- with tpl .secret $ -}}
{{- $names = append $names . -}}
{{- end -}}
{{- end -}}
{{- uniq $names | sortAlpha | join "," -}}
{{- end -}}

{{/* Of the deployment: the operator's, and for Reloader the secrets whose change asks for new pods. */}}
{{- define "service.annotations" -}}
{{- $annotations := include "service.strings" .Values.annotations | fromYaml -}}
{{- if dig "reloader" "enabled" false (default dict .Values.global) -}}
{{- with include "service.variableSecrets" . -}}
{{- $annotations = merge $annotations (dict "secret.reloader.stakater.com/reload" .) -}}
{{- end -}}
{{- end -}}
{{- with $annotations -}}
annotations: {{- toYaml . | nindent 2 }}
{{- end -}}
{{- end -}}

{{/* The pause before SIGTERM, unless the operator has a preStop of their own. */}}
{{- define "service.lifecycle" -}}
{{- $lifecycle := deepCopy .Values.lifecycle -}}
{{- if and (gt (int .Values.preStopSleepSeconds) 0) (not (hasKey $lifecycle "preStop")) -}}
{{- $lifecycle = set $lifecycle "preStop" (dict "exec" (dict "command" (list "sleep" (include "service.string" .Values.preStopSleepSeconds)))) -}}
{{- end -}}
{{- with $lifecycle -}}
lifecycle: {{- tpl (toYaml .) $ | nindent 2 }}
{{- end -}}
{{- end -}}
