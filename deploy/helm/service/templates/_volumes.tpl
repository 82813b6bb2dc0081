{{/* Volumes of the pod: what is writable, certificates, weights, and what the operator adds. */}}
{{- define "service.volumes" -}}
{{- $weights := .Values.weights -}}
{{- range $name, $directory := .Values.emptyDirs }}
- name: {{ $name }}
  emptyDir:
    sizeLimit: {{ $directory.sizeLimit }}
    {{- with $directory.medium }}
    medium: {{ . }}
    {{- end }}
{{- end }}
{{- with include "service.tlsSecret" . }}
- name: tls
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- range $name, $file := .Values.secretFiles }}
{{- with tpl $file.secret $ }}
- name: {{ $name }}
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- end }}
{{- if eq $weights.source "claim" }}
- name: weights
  persistentVolumeClaim:
    claimName: {{ required (printf "%s.weights.claim: name the PersistentVolumeClaim that holds the weights" .Chart.Name) $weights.claim }}
    readOnly: true
{{- else if eq $weights.source "image" }}
{{- if semverCompare "<1.33.0-0" .Capabilities.KubeVersion.Version }}
{{- fail (printf "%s.weights.source is image, which Kubernetes %s has not: it takes 1.33 or newer" .Chart.Name .Capabilities.KubeVersion.Version) }}
{{- end }}
- name: weights
  image:
    reference: {{ required (printf "%s.weights.image: name the image that holds the weights" .Chart.Name) $weights.image }}
    pullPolicy: IfNotPresent
{{- else if eq $weights.source "pull" }}
- name: weights
  emptyDir:
    sizeLimit: {{ $weights.sizeLimit }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ tpl (toYaml .) $ }}
{{- end }}
{{- end -}}

{{- define "service.mounts" -}}
{{- range $name, $directory := .Values.emptyDirs }}
- name: {{ $name }}
  mountPath: {{ $directory.mountPath }}
{{- end }}
{{- if include "service.tlsSecret" . }}
- name: tls
  mountPath: /etc/modomo/tls
  readOnly: true
{{- end }}
{{- range $name, $file := .Values.secretFiles }}
{{- if tpl $file.secret $ }}
- name: {{ $name }}
  mountPath: {{ $file.mountPath }}
  readOnly: true
{{- end }}
{{- end }}
{{- if ne .Values.weights.source "none" }}
- name: weights
  mountPath: {{ .Values.weights.mountPath }}
  readOnly: true
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ tpl (toYaml .) $ }}
{{- end }}
{{- end -}}

{{/* Containers that run first: what gets or checks the weights, and what the operator adds. */}}
{{- define "service.initContainers" -}}
{{- if eq .Values.weights.source "pull" }}
{{- $service := required (printf "%s.weights.service: say whose models to pull" .Chart.Name) .Values.weights.service }}
{{ include "service.weights" (dict "component" . "name" "weights" "arguments" (list "pull" "--service" $service) "env" .Values.weights.pullEnv) }}
{{- else if and .Values.weights.verify (ne .Values.weights.source "none") }}
{{ include "service.weights" (dict "component" . "name" "weights" "arguments" (list "verify") "env" list) }}
{{- end }}
{{- with .Values.initContainers }}
{{ tpl (toYaml .) $ }}
{{- end }}
{{- end -}}

{{/* A container that runs `servicekit.weights`; a pull that breaks off goes on where it stopped. */}}
{{- define "service.weights" -}}
{{- with .component -}}
- name: {{ $.name }}
  image: {{ include "service.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  command: {{ concat (list "python" "-m" "servicekit.weights") $.arguments | toJson }}
  terminationMessagePolicy: FallbackToLogsOnError
  securityContext: {{- toYaml .Values.securityContext | nindent 4 }}
  env:
    - name: MODOMO_WEIGHTS
      value: {{ .Values.weights.mountPath }}
    - name: HOME
      value: /tmp
    {{- with $.env }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  resources:
    requests: { cpu: 250m, memory: 512Mi }
    limits: { memory: 2Gi }
  volumeMounts:
    {{- range $name, $directory := .Values.emptyDirs }}
    - name: {{ $name }}
      mountPath: {{ $directory.mountPath }}
    {{- end }}
    - name: weights
      mountPath: {{ .Values.weights.mountPath }}
{{- end -}}
{{- end -}}
