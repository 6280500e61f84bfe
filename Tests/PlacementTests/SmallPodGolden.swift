/// The pod of the small job in `PodManifestTests`: a change here is a change of what runs on every cluster.
enum SmallPodGolden {
    static let text = #"""
        {
          "metadata" : {
            "annotations" : {
              "slipway.dev/job-version" : "7"
            },
            "labels" : {
              "app.kubernetes.io/managed-by" : "slipway",
              "slipway.dev/engine" : "sail",
              "slipway.dev/installation" : "6f1d2c3b-0000-4000-8000-00000000000a",
              "slipway.dev/job" : "report",
              "slipway.dev/placement" : "2",
              "slipway.dev/run-id" : "01990000-0000-7000-8000-000000000001",
              "slipway.dev/team" : "finance"
            },
            "name" : "run-01990000-0000-7000-8000-000000000001-2",
            "namespace" : "finance-jobs"
          },
          "spec" : {
            "automountServiceAccountToken" : false,
            "containers" : [
              {
                "command" : [
                  "/usr/local/bin/slipway-runner"
                ],
                "env" : [
                  {
                    "name" : "SLIPWAY_POD_IP",
                    "valueFrom" : {
                      "fieldRef" : {
                        "fieldPath" : "status.podIP"
                      }
                    }
                  },
                  {
                    "name" : "HOME",
                    "value" : "/tmp"
                  },
                  {
                    "name" : "MODE",
                    "valueFrom" : {
                      "configMapKeyRef" : {
                        "key" : "mode",
                        "name" : "modes"
                      }
                    }
                  },
                  {
                    "name" : "PLAIN",
                    "value" : "a$$(B)c"
                  },
                  {
                    "name" : "SLIPWAY_ASSIGNMENT",
                    "value" : "{\"job\":\"report\",\"limits\":{\"grace_seconds\":25,\"log_line_bytes\":16384,\"log_task_bytes\":67108864,\"output_bytes\":1048576},\"placement\":2,\"run_id\":\"01990000-0000-7000-8000-000000000001\",\"tasks\":[{\"action\":{\"sql\":\"SELECT '$$(HOME)'\"},\"allow_failure\":false,\"env\":{\"KEY\":{\"key\":\"token\",\"secret\":\"api\"},\"LEVEL\":\"$$1\"},\"name\":\"sum\",\"output\":{\"row_limit\":1000}}],\"termination_message_path\":\"/dev/termination-log\",\"variables\":{},\"sail_address\":\"sc://$(SLIPWAY_POD_IP):50051\"}"
                  },
                  {
                    "name" : "SLIPWAY_TASK_ENV_0_KEY",
                    "valueFrom" : {
                      "secretKeyRef" : {
                        "key" : "token",
                        "name" : "api"
                      }
                    }
                  }
                ],
                "image" : "slipway/runner:1",
                "name" : "runner",
                "resources" : {
                  "limits" : {
                    "cpu" : "100m",
                    "memory" : "536870912"
                  },
                  "requests" : {
                    "cpu" : "100m",
                    "memory" : "536870912"
                  }
                },
                "securityContext" : {
                  "allowPrivilegeEscalation" : false,
                  "capabilities" : {
                    "drop" : [
                      "ALL"
                    ]
                  },
                  "privileged" : false,
                  "readOnlyRootFilesystem" : true,
                  "runAsNonRoot" : true,
                  "seccompProfile" : {
                    "type" : "RuntimeDefault"
                  }
                },
                "terminationMessagePath" : "/dev/termination-log",
                "terminationMessagePolicy" : "File",
                "volumeMounts" : [
                  {
                    "mountPath" : "/tmp",
                    "name" : "scratch"
                  }
                ]
              }
            ],
            "enableServiceLinks" : false,
            "initContainers" : [
              {
                "command" : [
                  "/bin/sh",
                  "-c",
                  "mask() {\n  folder=`mktemp -d` && mkfifo \"$folder/log\" || exit 70\n  for name in $SLIPWAY_CONFIDENTIAL; do printenv \"$name\"; done |\n    sed -e 's/^[[:space:]]*//' -e 's/[[:space:]]*$//' -e '/^.\\{0,3\\}$/d' |\n    awk '{ print length($0) \" \" $0 }' | sort -rn | cut -d ' ' -f 2- |\n    sed -e 's/[][\\\\.*^$/]/\\\\&/g' -e 's/.*/s\\/&\\/***\\/g/' >\"$folder/values\"\n  tools=yes\n  for tool in printenv sed awk sort cut; do command -v $tool >/dev/null 2>&1 || tools=; done\n  unbuffered=-u\n  sed -u p </dev/null >/dev/null 2>&1 || unbuffered=\n  { trap '' TERM INT; [ -n \"$tools\" ] && sed $unbuffered -f \"$folder/values\" || cat >/dev/null; } <\"$folder/log\" &\n  filter=$!\n}\nleave() {\n  if [ -n \"$filter\" ]; then\n    for attempt in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do\n      kill -0 $filter 2>/dev/null || break\n      sleep 0.1\n    done\n    rm -rf \"$folder\"\n  fi\n  exit $1\n}\nstop() {\n  for attempt in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do\n    kill -INT $! 2>/dev/null || leave 0\n    sleep 0.1\n  done\n  kill -KILL $! 2>/dev/null\n  wait $!\n  leave 0\n}\nserve() { exec sail spark server --ip \"$SLIPWAY_POD_IP\" --port 50051; }\ntrap stop TERM INT\nif [ -n \"$SLIPWAY_CONFIDENTIAL\" ]; then\n  mask\n  serve >\"$folder/log\" 2>&1 &\nelse\n  serve &\nfi\nwait $!\nleave $?"
                ],
                "env" : [
                  {
                    "name" : "SLIPWAY_POD_IP",
                    "valueFrom" : {
                      "fieldRef" : {
                        "fieldPath" : "status.podIP"
                      }
                    }
                  },
                  {
                    "name" : "HOME",
                    "value" : "/tmp"
                  },
                  {
                    "name" : "MODE",
                    "valueFrom" : {
                      "configMapKeyRef" : {
                        "key" : "mode",
                        "name" : "modes"
                      }
                    }
                  },
                  {
                    "name" : "PLAIN",
                    "value" : "a$$(B)c"
                  },
                  {
                    "name" : "SAIL_MODE",
                    "value" : "local"
                  },
                  {
                    "name" : "SAIL_RUNTIME__MEMORY_POOL__FAIR__MAX_SIZE",
                    "value" : "751619274"
                  },
                  {
                    "name" : "SAIL_RUNTIME__MEMORY_POOL__TYPE",
                    "value" : "fair"
                  },
                  {
                    "name" : "SAIL_SPARK__SESSION_TIMEOUT_SECS",
                    "value" : "86400"
                  },
                  {
                    "name" : "TOKIO_WORKER_THREADS",
                    "value" : "8"
                  }
                ],
                "image" : "slipway/runner:1",
                "name" : "sail",
                "resources" : {
                  "limits" : {
                    "cpu" : "500m",
                    "memory" : "1073741824"
                  },
                  "requests" : {
                    "cpu" : "500m",
                    "memory" : "1073741824"
                  }
                },
                "restartPolicy" : "Always",
                "securityContext" : {
                  "allowPrivilegeEscalation" : false,
                  "capabilities" : {
                    "drop" : [
                      "ALL"
                    ]
                  },
                  "privileged" : false,
                  "readOnlyRootFilesystem" : true,
                  "runAsNonRoot" : true,
                  "seccompProfile" : {
                    "type" : "RuntimeDefault"
                  }
                },
                "startupProbe" : {
                  "failureThreshold" : 600,
                  "periodSeconds" : 1,
                  "tcpSocket" : {
                    "port" : 50051
                  },
                  "timeoutSeconds" : 1
                },
                "volumeMounts" : [
                  {
                    "mountPath" : "/tmp",
                    "name" : "scratch"
                  }
                ]
              }
            ],
            "restartPolicy" : "Never",
            "securityContext" : {
              "fsGroup" : 10001,
              "runAsGroup" : 10001,
              "runAsNonRoot" : true,
              "runAsUser" : 10001,
              "seccompProfile" : {
                "type" : "RuntimeDefault"
              }
            },
            "terminationGracePeriodSeconds" : 30,
            "volumes" : [
              {
                "emptyDir" : {

                },
                "name" : "scratch"
              }
            ]
          }
        }
        """#
}
