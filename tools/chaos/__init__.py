"""What production does to the system, done to it on purpose: short in `make test`, long in `make chaos`.

system      a whole stack whose jobs take a known time
verdict     what every job must look like in the end, whatever happened to it
deaths      workers that are killed, and workers that are stopped and wake up late
bystanders  those who use it meanwhile
services    model services and notifier that die, hang, or never come back
stores      Redis and the object store: killed, frozen, slow, failing
failover    Redis on Sentinel and as a Cluster, whose primary dies or freezes
faulty_http a proxy that does all that to the object store
followers   clients that reconnect, and clients that stop reading
rolling     every process replaced under load
cancelling  jobs that are cancelled at every stage
"""
