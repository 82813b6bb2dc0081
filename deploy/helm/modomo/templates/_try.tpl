{{/* A password of the try-out for one purpose; all are made of the one that the install brings. */}}
{{- define "modomo.tryPassword" -}}
{{- printf "%s of %s" .purpose .password | sha256sum | trunc 43 -}}
{{- end -}}

{{/* An API key in the form that the gateway takes; the notes show it. */}}
{{- define "modomo.tryKey" -}}
modomo_tryitout_{{ include "modomo.tryPassword" (dict "purpose" "key" "password" .Values.global.try.password) }}
{{- end -}}

{{/* The secrets of the try-out. Components ask for them as well, for a checksum that replaces their pods. */}}
{{- define "modomo.trySecrets" -}}
{{- $password := .Values.global.try.password -}}
apiVersion: v1
kind: Secret
metadata:
  name: modomo-try
  labels: {{- include "modomo.labels" . | nindent 4 }}
stringData:
  url: redis://:{{ include "modomo.tryPassword" (dict "purpose" "valkey" "password" $password) }}@modomo-try-valkey:6379/0
  valkey-password: {{ include "modomo.tryPassword" (dict "purpose" "valkey" "password" $password) }}
  access-key-id: modomo
  secret-access-key: {{ include "modomo.tryPassword" (dict "purpose" "s3" "password" $password) }}
---
apiVersion: v1
kind: Secret
metadata:
  name: modomo-try-keys
  labels: {{- include "modomo.labels" . | nindent 4 }}
stringData:
  {{ .Values.global.apiKeys.key }}: |
    [[key]]
    id = "tryitout"
    owner = "try"
    scopes = ["submit", "read"]
    sha256 = "{{ include "modomo.tryKey" . | sha256sum }}"
{{- end -}}

{{/* A server of the try-out: `(dict "root" . "name" … "image" … "port" … "spec" …)`, where `spec` is the container's own part. */}}
{{- define "modomo.tryServer" -}}
{{- $gateway := .root.Values.gateway -}}
apiVersion: v1
kind: Service
metadata:
  name: modomo-{{ .name }}
  labels: {{- include "modomo.labels" .root | nindent 4 }}
spec:
  selector:
    app.kubernetes.io/name: {{ .name }}
    app.kubernetes.io/instance: {{ .root.Release.Name }}
  ports:
    - { name: server, port: {{ .port }}, targetPort: server }
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: modomo-{{ .name }}
  labels: {{- include "modomo.labels" .root | nindent 4 }}
spec:
  strategy: { type: Recreate }
  selector:
    matchLabels:
      app.kubernetes.io/name: {{ .name }}
      app.kubernetes.io/instance: {{ .root.Release.Name }}
  template:
    metadata:
      labels:
        {{- include "modomo.labels" .root | nindent 8 }}
        app.kubernetes.io/name: {{ .name }}
      annotations:
        checksum/secrets: {{ include "modomo.trySecrets" .root | sha256sum }}
    spec:
      automountServiceAccountToken: false
      enableServiceLinks: false
      securityContext: {{- toYaml $gateway.podSecurityContext | nindent 8 }}
      {{- with .root.Values.global.imagePullSecrets }}
      imagePullSecrets: {{- include "service.pullSecrets" . | trim | nindent 8 }}
      {{- end }}
      containers:
        - name: {{ .name }}
          image: {{ .image }}
          securityContext: {{- toYaml $gateway.securityContext | nindent 12 }}
          {{- .spec | nindent 10 }}
          ports: [{ name: server, containerPort: {{ .port }} }]
          readinessProbe: { tcpSocket: { port: server }, periodSeconds: 2 }
          resources:
            requests: { cpu: 50m, memory: 64Mi }
            limits: { memory: 512Mi }
          volumeMounts:
            - { name: data, mountPath: /data }
            - { name: tmp, mountPath: /tmp }
      volumes:
        - { name: data, emptyDir: { sizeLimit: 5Gi } }
        - { name: tmp, emptyDir: { sizeLimit: 1Gi } }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: modomo-{{ .name }}
  labels: {{- include "modomo.labels" .root | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/name: {{ .name }}
      app.kubernetes.io/instance: {{ .root.Release.Name }}
  policyTypes: [Ingress, Egress]
  ingress:
    - from: [{ podSelector: { matchLabels: { app.kubernetes.io/instance: {{ .root.Release.Name }} } } }]
      ports: [{ port: {{ .port }} }]
  egress: []
{{- end -}}
