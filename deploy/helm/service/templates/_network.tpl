{{/* Egress rules that several policies have; the first takes `global.networkPolicies`. */}}
{{- define "service.dnsRule" -}}
- to: {{- toYaml (default (list (dict "namespaceSelector" dict "podSelector" (dict "matchLabels" (dict "k8s-app" "kube-dns")))) .dns) | nindent 4 }}
  ports:
    - { port: 53, protocol: UDP }
    - { port: 53, protocol: TCP }
{{- end -}}

{{- define "service.internetRule" -}}
- to:
    - ipBlock:
        cidr: 0.0.0.0/0
        except: [10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, 192.168.0.0/16]
    - ipBlock:
        cidr: 2000::/3
  ports:
    - port: 443
{{- end -}}

{{/* Where a cloud hands out the credentials of a pod: on the pod's own node, at addresses that never change. */}}
{{- define "service.identityRules" -}}
{{- if eq . "eks" -}}
# the agent of EKS Pod Identity
- to:
    - ipBlock: { cidr: 169.254.170.23/32 }
    - ipBlock: { cidr: "fd00:ec2::23/128" }
  ports:
    - port: 80
{{- else if eq . "gke" -}}
# GKE's metadata server: behind its address proper, and with Dataplane V2 at the one that is asked
- to:
    - ipBlock: { cidr: 169.254.169.252/32 }
  ports:
    - port: 987
    - port: 988
- to:
    - ipBlock: { cidr: 169.254.169.254/32 }
  ports:
    - port: 80
    - port: 8080
{{- end -}}
{{- end -}}
